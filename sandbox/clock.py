"""Clock of the platform, which can be moved forward."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Unix time in seconds: the machine's, plus whatever it was advanced by."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._advanced = 0.0

    def now(self) -> float:
        """Return the platform's time in seconds."""
        return self._source() + self._advanced

    def advance(self, seconds: float) -> None:
        """Move the clock forward; ValueError if that would be backward."""
        if not seconds >= 0:
            raise ValueError("the clock moves forward only")
        self._advanced += seconds

    def reset(self) -> None:
        """Go back to the machine's time."""
        self._advanced = 0.0
