"""What a field may hold that leads somewhere: hosts, origins and addresses."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from runtime.registry.rules import LONGEST, Fault, Rule, text

_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_SITE = rf"https?://(?:{_HOST}|\[[0-9a-f:]+\])(?::[1-9][0-9]{{0,4}})?"
_ORIGIN = re.compile(_SITE)
# RFC 3986's characters without the asterisk, which some take for a wildcard.
_REST = r"(?:[\w./:?@!$&'()+,;=~-]|%[0-9A-Fa-f]{2})*"
_ADDRESS = re.compile(rf"{_SITE}(?:[/?]{_REST})?", re.A)
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")
_FRAGMENT = re.compile(_REST, re.A)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

host = text(rf"(?=.{{1,253}}\Z){_HOST}", "a host name in lower case, without a port")
wechat_host = text(
    rf"(?:{_HOST}\.)?weixin\.qq\.com|(?:127\.0\.0\.1|localhost)(?::[1-9][0-9]{{0,4}})?",
    "a host of weixin.qq.com, or one of this machine",
)


def origin(value: Any) -> str:
    """Take an exact origin, as a browser says it."""
    fits = _parts(value) is not None and _ORIGIN.fullmatch(value)
    if not fits or _DEFAULT_PORT.fullmatch(value):
        raise Fault("must be an origin such as https://app.example.com, no more")
    return str(value)


def home(value: Any) -> str:
    """Take an address for a link; what follows # is the page's own affair."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise Fault(f"must be an address of {LONGEST} characters at most")
    address, _, fragment = value.partition("#")
    _address(address)
    if not _FRAGMENT.fullmatch(fragment):
        raise Fault("must be percent-encoded behind the #")
    return value


def _exact_address(*ours: str) -> Rule:
    def rule(value: Any) -> str:
        query = _address(value).query
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        if names.intersection(ours):
            raise Fault(f"must not have {' or '.join(ours)} in its query")
        return str(value)

    return rule


# Compared letter by letter, and nobody misreads them. What we add stands in no query.
redirect_uri = _exact_address("code", "state", "iss", "error")
post_logout_redirect_uri = _exact_address("state")


def _address(value: Any) -> SplitResult:
    parts = _parts(value)
    if parts is None:
        raise Fault(f"must be an absolute address of {LONGEST} characters at most")
    if not _ADDRESS.fullmatch(value):
        raise Fault("must have a host in lower case and no user, fragment or *")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Fault("must be https://, or http:// on loopback")
    return parts


def _parts(value: Any) -> SplitResult | None:
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    try:
        parts = urlsplit(value)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
