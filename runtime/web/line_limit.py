"""Limit of log lines that anybody can cause: so many a minute, the others counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LINES = 60
"""A minute, of one name in one process."""

WINDOW_SECONDS = 60.0

MOST_NAMES = 1000
"""The lines of later names are counted together."""


@dataclass(slots=True)
class _Window:
    began: float
    lines: int = 0
    left_out: int = 0


class LineLimit:
    """Lines of a process by name: which are written, and how many were left out."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def count(self, name: str) -> int | None:
        """Return how many were left out before this line, None to leave it out, too."""
        now = self._clock()
        with self._lock:
            if name not in self._windows and len(self._windows) >= MOST_NAMES:
                name = ""
            window = self._windows.setdefault(name, _Window(now))
            before = 0
            if now - window.began >= WINDOW_SECONDS:
                before = window.left_out
                window.began, window.lines, window.left_out = now, 0, 0
            if window.lines >= LINES:
                window.left_out += 1
                return None
            window.lines += 1
            return before
