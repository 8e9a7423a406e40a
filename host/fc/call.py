"""One call of a function: the request as FC passes it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_HOP_BY_HOP = frozenset({"connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way into a function.

    `uri` is what the caller asked for, query and prefix included; `path` is what the
    function is told. Header names are lower case, text is latin-1 as in WSGI.
    """

    method: str
    uri: str
    path: str
    request_id: str
    client_ip: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def passed_on(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers a function gets to see, repeated ones in one value.

    FC joins all of them with a comma, Cookie too, and keeps its own prefix and what
    concerns the connection from the function.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in headers:
            headers[key] += "," + value
        elif key not in _HOP_BY_HOP and not key.startswith("x-fc-"):
            headers[key] = value
    return headers
