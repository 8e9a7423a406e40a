"""Circuit breaker: what hangs is away for all callers at once, without another wait.

closed      every call is made
open        for PAUSE_SECONDS after a slow failure no call is made
half open   one call is made, to find out; its outcome closes or opens the breaker
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from runtime.errors import ServiceUnavailable

PAUSE_SECONDS = 2.0


@dataclass(slots=True)
class Attempt:
    """A call that is being made; `fail` tells that it took too long."""

    has_failed: bool = False

    def fail(self) -> None:
        """Say that the other side hangs."""
        self.has_failed = True


class Breaker:
    """The breaker of one server, shared by the threads of a process."""

    def __init__(
        self,
        *,
        pause: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._closed_from: float | None = None
        self._lock = threading.Lock()

    @contextmanager
    def trying(self) -> Iterator[Attempt]:
        """Let one call be made; ServiceUnavailable while the breaker is open."""
        if self._closed_from is not None:
            self._claim()
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if attempt.has_failed:
                self._closed_from = self._clock() + self._pause
            elif self._closed_from is not None:
                self._closed_from = None

    def _claim(self) -> None:
        """Let one caller through after the pause; the next, after another pause."""
        with self._lock:
            now = self._clock()
            if self._closed_from is not None:
                if now < self._closed_from:
                    raise ServiceUnavailable
                self._closed_from = now + self._pause
