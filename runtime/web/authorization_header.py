"""Authorization header of a client: Bearer and Basic.

    Authorization: Bearer <gateway token>
    Authorization: Basic base64(form(client id) ":" form(client secret))

`form` is what RFC 6749, 2.3.1, asks for: encoded as in an urlencoded body.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from runtime.errors import InvalidClient
from runtime.web.messages import Request

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)

_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Basic:
    """A client id and a secret by HTTP Basic."""

    client_id: str
    secret: str = field(repr=False)


def scheme_of(request: Request) -> str:
    """Return the header's scheme in lower case, "" without such a header."""
    return (request.header("authorization") or "").partition(" ")[0].lower()


def bearer_of(request: Request) -> str | None:
    """Return the token of a Bearer header, None where there is none."""
    match = _BEARER.fullmatch(request.header("authorization") or "")
    return match[1] if match else None


def basic_of(request: Request) -> Basic | None:
    """Return the content of a Basic header or None; InvalidClient if malformed."""
    if scheme_of(request) != "basic":
        return None
    match = _BASIC.fullmatch(request.header("authorization") or "")
    if match is None:
        raise InvalidClient
    try:
        text = base64.b64decode(match[1], validate=True).decode()
        client_id, _, secret = text.partition(":")
        return Basic(
            unquote_plus(client_id, errors="strict"),
            unquote_plus(secret, errors="strict"),
        )
    except ValueError:
        raise InvalidClient from None


def challenge(request: Request) -> tuple[str, str]:
    """Return the WWW-Authenticate header of a 401, in the scheme of the request."""
    scheme = "Basic" if scheme_of(request) == "basic" else "Bearer"
    return ("WWW-Authenticate", f'{scheme} realm="gateway"')
