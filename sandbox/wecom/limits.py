"""Limits of WeCom: the ban of an address, and counters that answer 45009."""

from __future__ import annotations

from collections import Counter

from sandbox.clock import Clock
from sandbox.wecom.errors import WecomError

MINUTE = 60
HOUR = 3600
BAN_SECONDS = HOUR
ROBOT_A_MINUTE = 20
TICKETS_OF_CORP = 400
TICKETS_OF_APP = 100


class Limits:
    """Counts per window; what overflows is blocked for the length of its window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: Counter[tuple[tuple[str, ...], int]] = Counter()
        self._blocked: dict[tuple[str, ...], float] = {}
        self._banned: dict[str, float] = {}

    def spend(self, *name: str, most: int, seconds: int = MINUTE) -> None:
        """Count one call; WecomError 45009 if there were too many."""
        now = self._clock.now()
        if now < self._blocked.get(name, 0.0):
            raise WecomError(45009)
        window = (name, int(now // seconds))
        if self._counts[window] >= most:
            self._blocked[name] = now + seconds
            raise WecomError(45009)
        self._counts[window] += 1

    def note_wrong_secret(self, client_ip: str, *, most: int) -> None:
        """Count a wrong secret of the address; the last of `most` an hour bans it."""
        now = self._clock.now()
        window = (("wrong secret", client_ip), int(now // HOUR))
        self._counts[window] += 1
        if self._counts[window] >= most:
            self._banned[client_ip] = now + BAN_SECONDS

    def check_ban(self, client_ip: str) -> None:
        """Raise WecomError 45009 while the address is banned."""
        if self._clock.now() < self._banned.get(client_ip, 0.0):
            raise WecomError(45009)

    def banned(self) -> dict[str, float]:
        """Return the banned addresses, and until when."""
        now = self._clock.now()
        return {one: until for one, until in self._banned.items() if now < until}
