"""Log of what had no room: a flood writes a line a minute, not one for each push."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

LEAST_SECONDS = 60.0
"""Between two lines about one app that say the same."""

log = logging.getLogger("gateway.push")


class RoomLog:
    """Log of a process about budgets that are used up.

    A number counts everything since the line before, by this process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: Counter[tuple[str, str]] = Counter()
        self._logged_at: dict[tuple[str, str], float] = {}

    def note_dropped(self, appid: str, pushes: int) -> None:
        """Note that so many pushes had to go for something new."""
        if number := self._due(appid, "dropped", pushes):
            log.warning("%s: %d pushes dropped, budget used up", appid, number)

    def note_lost(self, appid: str, dead_letters: int) -> None:
        """Note that so many dead letters had to go."""
        if number := self._due(appid, "lost", dead_letters):
            log.error("%s: %d dead letters dropped, budget used up", appid, number)

    def note_refused(self, appid: str) -> None:
        """Note that a push had no room."""
        if number := self._due(appid, "refused", 1):
            log.error("%s: %d pushes not acknowledged, budget used up", appid, number)

    def _due(self, appid: str, what: str, number: int) -> int:
        """Return the number that is to be logged now, else 0."""
        if not number:
            return 0
        key, now = (appid, what), self._clock()
        with self._lock:
            self._pending[key] += number
            if now < self._logged_at.get(key, float("-inf")) + LEAST_SECONDS:
                return 0
            self._logged_at[key] = now
            return self._pending.pop(key)
