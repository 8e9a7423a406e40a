"""One call of a function: the request as FC forwards it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO

_HOP_BY_HOP = frozenset({"connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a function.

    `uri` is the caller's request target with query and prefix; `path` is what the
    function gets. Header names are lower case, text is latin-1 as in WSGI.
    """

    method: str
    uri: str
    path: str
    request_id: str
    peer_ip: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: IO[bytes] | None = None
    """The body, where it is not in `body`, and its length."""
    length: int = 0
    body_phase: str = ""
    """AWAITED or ARRIVED, where the function is called before its body comes."""

    @property
    def is_quick_probe(self) -> bool:
        """Tell whether it asks only if the process answers."""
        return self.path.endswith("/healthz") and self.uri.endswith("?quick=1")


def forwarded_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that a function gets, repeated ones in one value.

    FC joins them with a comma, Cookie too, and removes its own `x-fc-` headers and
    those of the connection. A name with `_` is removed: in WSGI it could not be told
    from the name with `-`, which a trusted proxy may have set.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in headers:
            headers[key] += "," + value
        elif "_" not in key and key not in _HOP_BY_HOP and key[:5] != "x-fc-":
            headers[key] = value
    return headers
