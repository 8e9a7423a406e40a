"""Settings, read once from the environment; a fault names itself, never a value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from runtime.redis_clients import SCHEMES, check_address

Keys = Mapping[int, bytes]
"""Secrets by version: the highest signs, all verify."""

_WEB_ADDRESS = re.compile(
    r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
)


class SettingsError(Exception):
    """One or more settings are missing or malformed; the text names them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deployer decides; see docs/configuration.md."""

    public_base_url: str
    redis_url: str = field(repr=False)
    config_url: str
    master_keys: Keys = field(repr=False)
    cookie_secrets: Keys = field(repr=False)
    token_secrets: Keys = field(repr=False)
    login_client: str
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_open_url: str = "https://open.weixin.qq.com"
    wechat_mp_url: str = "https://mp.weixin.qq.com"
    wechat_deadline_seconds: float = 5.0
    session_days: float = 7.0
    redis_wait: str = "block"
    lease_seconds: float = 0.6
    lease_renew_seconds: float = 0.15
    credential_wait_seconds: float = 10.0
    credential_due_seconds: float = 120.0
    credential_spent_seconds: float = 30.0

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach us by https, so that cookies are Secure."""
        return self.public_base_url.startswith("https://")


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Return the settings; SettingsError names every one that is at fault."""
    values: dict[str, Any] = {}
    faults = []
    for name, (parse, needed) in _PARSERS.items():
        text = environ.get(name, "").strip()
        if not text:
            if needed:
                faults.append(f"{name} is missing")
            continue
        try:
            values[name.lower()] = parse(text)
        except SettingsError as fault:
            faults.append(f"{name} {fault}")
        except ValueError:
            # The text of somebody else's error may quote the value.
            faults.append(f"{name} is malformed")
    if not faults:
        settings = Settings(**values)
        faults = list(_disagreements(settings))
    if faults:
        raise SettingsError("; ".join(faults))
    return settings


def _disagreements(settings: Settings) -> Iterator[str]:
    if settings.lease_renew_seconds * 2 >= settings.lease_seconds:
        yield "LEASE_RENEW_SECONDS must be below half of LEASE_SECONDS"
    if settings.wechat_deadline_seconds >= settings.credential_wait_seconds:
        yield "WECHAT_DEADLINE_SECONDS must be below CREDENTIAL_WAIT_SECONDS"
    # The timer comes as long again before; stable_token's last minutes are five.
    margins = settings.credential_due_seconds * 2 + settings.credential_spent_seconds
    if margins >= 300:
        yield (
            "twice CREDENTIAL_DUE_SECONDS and CREDENTIAL_SPENT_SECONDS must be "
            "below 300 together"
        )


def _web_address(text: str) -> str:
    if not _WEB_ADDRESS.fullmatch(text) or not _has_host(text):
        raise SettingsError("must be an http:// or https:// address of host and path")
    return text.rstrip("/")


def _redis_address(text: str) -> str:
    if not text.startswith(SCHEMES):
        raise SettingsError(f"must begin with one of {' '.join(SCHEMES)}")
    try:
        check_address(text)
    except ValueError:
        # A raw slash, `#` or `?` in the password ends the host for every parser.
        raise SettingsError(
            "must name its hosts, Sentinel's the master too, and percent-encode "
            "its password"
        ) from None
    return text


def _word(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise SettingsError(f"must be {' or '.join(words)}")
        return text

    return parse


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _folder(text: str) -> str:
    if not text.startswith("file:") or text == "file:":
        raise SettingsError("must be file: and a folder")
    return text


def _secrets(text: str) -> Keys:
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


def _master_keys(text: str) -> Keys:
    keys = {}
    for version, secret in _secrets(text).items():
        try:
            keys[version] = base64.b64decode(secret, validate=True)
        except binascii.Error:
            raise SettingsError("must hold keys in base64") from None
        if len(keys[version]) != 32:
            raise SettingsError("must hold keys of 32 bytes")
    return keys


def _positive(text: str) -> float:
    number = float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text) else 0.0
    if number <= 0:
        raise SettingsError("must be a number above 0 and below a million")
    return number


_PARSERS: Mapping[str, tuple[Callable[[str], Any], bool]] = {
    "PUBLIC_BASE_URL": (_web_address, True),
    "REDIS_URL": (_redis_address, True),
    "CONFIG_URL": (_folder, True),
    "MASTER_KEYS": (_master_keys, True),
    "COOKIE_SECRETS": (_secrets, True),
    "TOKEN_SECRETS": (_secrets, True),
    "LOGIN_CLIENT": (str, True),
    "WECHAT_API_URL": (_web_address, False),
    "WECHAT_OPEN_URL": (_web_address, False),
    "WECHAT_MP_URL": (_web_address, False),
    "WECHAT_DEADLINE_SECONDS": (_positive, False),
    "SESSION_DAYS": (_positive, False),
    "REDIS_WAIT": (_word("block", "poll"), False),
    "LEASE_SECONDS": (_positive, False),
    "LEASE_RENEW_SECONDS": (_positive, False),
    "CREDENTIAL_WAIT_SECONDS": (_positive, False),
    "CREDENTIAL_DUE_SECONDS": (_positive, False),
    "CREDENTIAL_SPENT_SECONDS": (_positive, False),
}
