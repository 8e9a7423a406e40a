"""Tickets that the platform pushes to a component: their schedule and their lives."""

from __future__ import annotations

from sandbox.errors import WeChatError

INTERVAL = 600
LIFE = 12 * 3600

# After how many tickets that nobody took the platform stops is not published.
FAILURES = 6


class VerifyTickets:
    """Tickets of one component by value, with the time of each."""

    def __init__(self) -> None:
        self.running = True
        self._made_at: dict[str, float] = {}
        self._last_at: float | None = None
        self._failures = 0

    def add(self, value: str, *, now: float) -> None:
        """Record a ticket; the next one is due ten minutes later."""
        self._made_at[value] = self._last_at = now

    def due(self, *, since: float, now: float) -> bool:
        """Tell whether it is time for a ticket; `since` begins the schedule."""
        last = since if self._last_at is None else self._last_at
        return self.running and now >= last + INTERVAL

    def check(self, value: object, *, now: float) -> None:
        """Refuse an unknown ticket with WeChatError 61006, a late one with 61005."""
        made_at = self._made_at.get(value) if isinstance(value, str) else None
        if made_at is None:
            raise WeChatError(61006)
        if now >= made_at + LIFE:
            raise WeChatError(61005)

    def note(self, *, taken: bool) -> None:
        """Count a ticket that was not taken; too many in a row stop the pushes."""
        self._failures = 0 if taken else self._failures + 1
        if self._failures >= FAILURES:
            self.running, self._failures = False, 0

    def start(self) -> bool:
        """Start the pushes again; False if they were running."""
        stopped, self.running = not self.running, True
        return stopped
