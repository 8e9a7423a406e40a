"""Logos of clients: small images as data: URIs, so that a page loads nothing.

In `data:image/png;base64,...` the media type is the one that the first bytes show.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from runtime.registry.rules import Fault

MOST_BYTES = 24 * 1024

_URI = re.compile(r"data:(image/[a-z+]{3,8});base64,([A-Za-z0-9+/]+={0,2})")
_KINDS = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    # Many programs write a declaration or a comment in front.
    (
        "image/svg+xml",
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*"
            rb"<(?:svg|(?:\?xml|!--|!DOCTYPE svg).{,1000}?<svg)[\s>]",
            re.DOTALL,
        ),
    ),
)


def kind_of(picture: bytes) -> str | None:
    """Return the media type by the first bytes; None if it is not accepted."""
    found = (kind for kind, begins in _KINDS if begins.match(picture))
    return next(found, None)


def data_uri(kind: str, picture: bytes) -> str:
    """Return the picture as documents have it."""
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def shown(uri: str) -> str:
    """Return media type and size in place of the whole, for an operator."""
    kind, picture = _taken_apart(uri)
    return f"{kind}, {len(picture)} bytes"


def logo(value: Any) -> str:
    """Accept a small picture whose first bytes show the media type that it names."""
    kind, picture = _taken_apart(value)
    if len(picture) > MOST_BYTES:
        raise Fault(f"must have {MOST_BYTES} bytes at most")
    if kind_of(picture) != kind:
        kinds = ", ".join(each for each, _ in _KINDS)
        raise Fault(f"must begin as its kind does, which is one of {kinds}")
    return str(value)


def _taken_apart(value: Any) -> tuple[str, bytes]:
    match = _URI.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Fault("must be a data: URI of a picture in base64")
    try:
        return match[1], base64.b64decode(match[2], validate=True)
    except ValueError:
        raise Fault("must be whole base64") from None
