"""Tickets of one app: jsapi for web pages, wx_card for cards."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.ids import Ids

LIFE = 7200


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket and the Unix time at which it ends."""

    value: str = field(repr=False)
    expires_at: float


class Tickets:
    """Tickets, each for its whole life: a repeated call gets the same one."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._tickets: dict[tuple[str, str], Ticket] = {}

    def get(self, appid: str, kind: str) -> Ticket:
        """Return the app's ticket of that kind, made if there is no live one."""
        ticket = self.live(appid, kind)
        if ticket is None:
            ticket = Ticket(self._ids.ticket(), self._clock.now() + LIFE)
            self._tickets[appid, kind] = ticket
        return ticket

    def live(self, appid: str, kind: str) -> Ticket | None:
        """Return the app's ticket of that kind if it has one that still lives."""
        ticket = self._tickets.get((appid, kind))
        alive = ticket is not None and ticket.expires_at > self._clock.now()
        return ticket if alive else None
