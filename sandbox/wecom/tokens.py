"""Tokens of WeCom's apps and the two JS tickets: the same one while it lives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.wecom.errors import WecomError

LIFE = 7200
_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, or a ticket, of `owner`."""

    value: str = field(repr=False)
    owner: str
    expires_at: float


class WecomTokens:
    """Tokens by value, and the current one of each owner."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._tokens: dict[str, Token] = {}
        self._current: dict[str, str] = {}

    def fetch(self, owner: str, *, anew: bool, overlap: float) -> Token:
        """Return the owner's token: the one that lives, or by choice a new one.

        A previous one that still lives is good for `overlap` seconds from then.
        """
        current = self.current(owner)
        if current is not None and not anew:
            return current
        now = self._clock.now()
        if current is not None:
            ends = min(current.expires_at, now + overlap)
            self._tokens[current.value] = replace(current, expires_at=ends)
        token = Token(self._ids.text(_URL, 214), owner, now + LIFE)
        self._tokens[token.value] = token
        self._current[owner] = token.value
        return token

    def current(self, owner: str) -> Token | None:
        """Return the owner's token if it has one that lives."""
        token = self._tokens.get(self._current.get(owner, ""))
        alive = token is not None and token.expires_at > self._clock.now()
        return token if alive else None

    def find(self, value: str, *, expired: int) -> str:
        """Return whose token it is; WecomError 40014, or `expired` by the clock."""
        token = self._tokens.get(value)
        if token is None:
            raise WecomError(40014)
        if token.expires_at <= self._clock.now():
            raise WecomError(expired)
        return token.owner

    def owner(self, value: str) -> str | None:
        """Return whose token it is or was."""
        token = self._tokens.get(value)
        return None if token is None else token.owner

    def drop(self, owner: str) -> None:
        """Make every token of the owner unknown, so that it answers 40014."""
        self._tokens = {
            value: token
            for value, token in self._tokens.items()
            if token.owner != owner
        }
