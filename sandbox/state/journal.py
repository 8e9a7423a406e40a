"""Journal of requests, with secrets masked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SECRETS = frozenset(
    (
        "access_token",
        "appsecret",
        "auth_code",
        "authorization_code",
        "authorizer_refresh_token",
        "code",
        "component_access_token",
        "component_appsecret",
        "component_secret",
        "component_verify_ticket",
        "corpsecret",
        "js_code",
        "key",
        "pre_auth_code",
        "refresh_token",
        "secret",
    )
)
MASK = "***"
PUSH = "/_sandbox/push"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its outcome; `errcode` is None where no JSON was answered.

    A delivery that the platform made itself has the path PUSH and tells in `push`
    which of the deliveries it was.
    """

    time: float
    method: str
    path: str
    query: dict[str, str]
    client_ip: str
    appid: str | None
    token_id: str | None
    status: int | None
    errcode: int | None
    fault: str | None = None
    push: dict[str, Any] | None = None


class Journal:
    """Entries in order, until it is cleared."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Append one entry."""
        self._entries.append(entry)

    def entries(self, *, path: str | None, since: float) -> Sequence[Entry]:
        """Return the entries of a path (None: of all) from that Unix time on."""
        return [
            entry
            for entry in self._entries
            if entry.time >= since and path in (None, entry.path)
        ]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()


def mask(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs with every secret's value masked; the first of a name wins."""
    masked: dict[str, str] = {}
    for name, value in pairs:
        masked.setdefault(name, MASK if name in SECRETS else value)
    return masked


def token_id(token: str) -> str:
    """Return a name for a token that does not give it away: 8 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()[:8]
