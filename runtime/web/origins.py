"""Hosts, origins and URLs: the one vocabulary of which every rule about them is made.

    app.example.com, 127.0.0.1          HOST_NAME
    app.example.com, [::1]              HOST
    :8443                               PORT
    https://app.example.com:8443        ORIGIN
    /orders?id=1#top                    REST

The patterns are in lower case, as a browser writes an origin. A rule that takes text
which a human writes makes the host case-insensitive: `(?i:...)`. A rule that accepts
less than ORIGIN says why in its docstring; tests/runtime/web/test_origins.py shows in
one table what each rule accepts.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_LABEL = r"[a-z0-9]+(?:-+[a-z0-9]+)*"

HOST_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
"""A name of one label or more, or an IPv4 address."""

DOMAIN = rf"{_LABEL}(?:\.{_LABEL})+"
"""A name of two labels at least."""

IPV6 = r"[0-9a-f:]*:[0-9a-f:]*"
"""An IPv6 address without its brackets."""

HOST = rf"(?:{HOST_NAME}|\[{IPV6}\])"

PORT = r":[1-9][0-9]{0,4}"
"""A port with its colon; `parts_of` refuses those above 65535."""

ORIGIN = rf"https?://{HOST}(?:{PORT})?"

REST = r"[^\x00-\x20\x7f\\]*"
"""Path, query and fragment without what browsers drop or read as a slash."""

_EXACT = re.compile(ORIGIN)
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")
_LEADING = re.compile(rf"{ORIGIN}(?=[/?#]|\Z)")


def is_origin(text: str) -> bool:
    """Tell whether the text is an origin exactly as a browser sends it.

    Stricter than ORIGIN: a browser leaves the scheme's default port out, so an origin
    that names it would never be equal to what a browser sends.
    """
    if not _EXACT.fullmatch(text) or _DEFAULT_PORT.fullmatch(text):
        return False
    return parts_of(text) is not None


def origin_of(url: str) -> str:
    """Return the origin at the beginning of a URL, "" if there is none."""
    match = _LEADING.match(url)
    return match[0] if match else ""


def parts_of(url: str) -> SplitResult | None:
    """Return a URL's parts; None without a host or with a port that cannot be."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
