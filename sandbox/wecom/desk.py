"""Messages of customers to customer-service (kf) accounts, and the events' tokens."""

from __future__ import annotations

from typing import Any

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.wecom.errors import WecomError

TOKEN_LIFE = 600
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Desk:
    """Messages of each customer-service account, and the tokens of the events."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._messages: dict[str, list[dict[str, Any]]] = {}
        self._tokens: dict[str, tuple[str, float]] = {}

    def add(self, corpid: str, message: dict[str, Any]) -> dict[str, Any]:
        """Store what a customer wrote, and return it."""
        kept = {
            "msgid": self._ids.text("0123456789abcdef", 32),
            "send_time": int(self._clock.now()),
            "origin": 3,
            **message,
        }
        self._messages.setdefault(corpid, []).append(kept)
        return kept

    def token(self, corpid: str) -> str:
        """Return the token of an event, good for ten minutes."""
        token = "ENC" + self._ids.text(_WORD, 40)
        self._tokens[token] = (corpid, self._clock.now() + TOKEN_LIFE)
        return token

    def check(self, corpid: str, token: str) -> None:
        """Raise WecomError 95007 if it is no token of the corp, or too old."""
        owner, until = self._tokens.get(token, ("", 0.0))
        if owner != corpid or until <= self._clock.now():
            raise WecomError(95007)

    def messages(self, corpid: str, open_kfid: str) -> list[dict[str, Any]]:
        """Return the messages of one account, or of all, the oldest first."""
        return [
            message
            for message in self._messages.get(corpid, [])
            if open_kfid in ("", message.get("open_kfid"))
        ]
