"""Messages that one account has sent: to inspect them, and to refuse duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# For how long a client_msg_id keeps a message from going out a second time: not
# confirmed by the platform's documents.
CLIENT_MSG_ID_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Sent:
    """One message on its way to one user; `at` is Unix time."""

    openid: str
    kind: str
    content: Mapping[str, Any]
    at: float
    msgid: int
    client_msg_id: str = ""


class Outbox:
    """The messages sent, the oldest first."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def send(self, message: Sent) -> Sent:
        """Store a message and return it, or the one that it would repeat."""
        earlier = self._repeated(message)
        if earlier is not None:
            return earlier
        self.sent.append(message)
        return message

    def _repeated(self, message: Sent) -> Sent | None:
        if not message.client_msg_id:
            return None
        mark = (message.openid, message.client_msg_id)
        for earlier in reversed(self.sent):
            if message.at >= earlier.at + CLIENT_MSG_ID_SECONDS:
                return None
            if mark == (earlier.openid, earlier.client_msg_id):
                return earlier
        return None
