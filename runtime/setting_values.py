"""Parsers of settings; a SettingsError never repeats the text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from runtime.crypto.keys import Keys, check_rsa_keys
from runtime.errors import SettingsError
from runtime.state.redis_clients import SCHEMES, check_address
from runtime.web.origins import DOMAIN, HOST, HOST_NAME, IPV6, PORT, parts_of

_WEB_URL = re.compile(rf"https?://(?i:{HOST})(?:{PORT})?(?:/[A-Za-z0-9._~/-]*)?")

_ENCODED = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"

_PROXY_URL = re.compile(rf"http://(?:{_ENCODED}(?::{_ENCODED})?@)?(?i:{HOST}){PORT}/?")

_HOST_NAME = re.compile(rf"{HOST_NAME}|{IPV6}")

_BUCKET = re.compile(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?"
)


def web_url(text: str) -> str:
    """Parse an http or https URL of host and path; drop a slash at its end.

    Accepts less than other URLs: a path of plain characters, no query. Accepts upper
    case in the host, because an operator writes it.
    """
    if not _WEB_URL.fullmatch(text) or parts_of(text) is None:
        raise SettingsError("must be an http:// or https:// URL of host and path")
    return text.rstrip("/")


def proxy_url(text: str) -> str:
    """Parse http://[user:password@]host:port, user and password percent-encoded."""
    if not _PROXY_URL.fullmatch(text) or parts_of(text) is None:
        raise SettingsError(
            "must be http://host:port, user and password before the host"
            " percent-encoded"
        )
    return text.rstrip("/")


def domain(text: str) -> str:
    """Parse a domain of at least two labels, without a port."""
    if len(text) > 253 or not re.fullmatch(DOMAIN, text):
        raise SettingsError("must be a domain in lower case, such as example.com")
    return text


def redis_url(text: str) -> str:
    """Parse a URL of Redis; see redis_clients."""
    if not text.startswith(SCHEMES):
        raise SettingsError(f"must begin with one of {' '.join(SCHEMES)}")
    try:
        check_address(text)
    except ValueError:
        # A slash, `#` or `?` in the password ends the host for every parser.
        raise SettingsError(
            "must name its hosts, Sentinel's the master too, and percent-encode "
            "its password"
        ) from None
    return text


def redis_ca(text: str) -> bytes:
    """Parse certificates of authorities: base64 of DER, or the path of a file."""
    from runtime.crypto.certificates import authorities

    try:
        return authorities(text)
    except ValueError as fault:
        raise SettingsError(
            f"{fault}: it must be base64 of DER on one line, or the path of a file"
        ) from None


def word(*words: str) -> Callable[[str], str]:
    """Return a parser that accepts one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise SettingsError(f"must be {' or '.join(words)}")
        return text

    return parse


def documents_url(text: str) -> str:
    """Parse `file:` and a folder, or s3://bucket/prefix."""
    if _BUCKET.fullmatch(text):
        return text.rstrip("/")
    if not text.startswith("file:") or text == "file:":
        raise SettingsError("must be file: and a folder, or s3://bucket/prefix")
    return text


def secrets(text: str) -> Keys:
    """Parse a list `version:secret,version:secret`."""
    keys = {}
    for item in text.split(","):
        version, colon, secret = item.strip().partition(":")
        if not colon or not re.fullmatch(r"[1-9][0-9]{0,8}", version):
            raise SettingsError("must be a list of version:secret")
        if len(secret) < 32:
            raise SettingsError("must hold secrets of at least 32 characters")
        if int(version) in keys:
            raise SettingsError("names a version twice")
        keys[int(version)] = secret.encode()
    return keys


def master_keys(text: str) -> Keys:
    """Parse a list `version:key` of keys with 32 bytes, in base64."""
    keys = _base64_keys(text)
    if any(len(key) != 32 for key in keys.values()):
        raise SettingsError("must hold keys of 32 bytes")
    return keys


def oidc_keys(text: str) -> Keys:
    """Parse a list `version:key` of RSA keys in base64, one of them private."""
    keys = _base64_keys(text)
    try:
        check_rsa_keys(keys)
    except ValueError as fault:
        raise SettingsError(str(fault)) from None
    return keys


def _base64_keys(text: str) -> Keys:
    try:
        return {
            version: base64.b64decode(secret, validate=True)
            for version, secret in secrets(text).items()
        }
    except binascii.Error:
        raise SettingsError("must hold keys in base64") from None


def bearer_token(text: str) -> str:
    """Return a secret that callers send as `Authorization: Bearer`."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{24,128}", text):
        raise SettingsError("must be 24 to 128 letters, digits, dots and hyphens")
    return text


def positive(text: str) -> float:
    """Parse a number above 0."""
    number = float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text) else 0.0
    if number <= 0:
        raise SettingsError("must be a number above 0 and below a million")
    return number


def hops(text: str) -> int:
    """Parse the number of proxies in front of the gateway, 0 to 9."""
    if not re.fullmatch("[0-9]", text):
        raise SettingsError("must be a whole number below ten")
    return int(text)


def host_names(text: str) -> tuple[str, ...]:
    """Parse a list of host names and IP addresses without ports, in any case."""
    names = tuple(name.strip().lower() for name in text.split(","))
    if not all(map(_HOST_NAME.fullmatch, names)):
        raise SettingsError("must be a list of host names without ports")
    return names


def networks(text: str) -> tuple[str, ...]:
    """Parse a list of networks such as `10.0.0.0/8,fd00::/8`."""
    # Few deployments have such a setting, and `ipaddress` costs a cold start 4 ms.
    from runtime.upstream.address_rules import parse_networks

    try:
        return tuple(map(str, parse_networks(text)))
    except ValueError:
        # Its message repeats the value.
        raise SettingsError(
            "must be a list of networks such as 10.0.0.0/8, without host bits"
        ) from None
