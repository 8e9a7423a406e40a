"""Threads that ask services for replies, and go on when WeChat's time is over.

Function Compute stops a process between its requests, so it has none of these: there
the request asks by itself. The local host allows them for its process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from runtime.errors import Overloaded
from runtime.usage.in_flight import CallsInFlight

ASKS = 64
"""Asks of a process at a time, and half of them for one service."""


class AskThreads:
    """At most `most` threads, started as needed; 0 of them until the host says so.

    They are daemon threads: one whose service hangs ends with its process.
    """

    def __init__(self) -> None:
        self._asks = CallsInFlight(ASKS)
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self.are_there = False

    def allow(self, most: int = ASKS) -> None:
        """Let this process go on asking after it has answered."""
        self._asks.limit(most)
        self.are_there = True

    @property
    def number(self) -> int:
        """Return how many asks are in flight, up to their report."""
        return self._asks.number

    def place(self, target: str) -> Place | None:
        """Return a place for one ask of this target, None if it has too many."""
        counted = self._asks.counted(target)
        try:
            counted.__enter__()
        except Overloaded:
            return None
        return Place(partial(counted.__exit__, None, None, None))

    def start(self, work: Callable[[], None]) -> None:
        """Let a thread do the work, which has a place."""
        with self._lock:
            starts = self._idle <= 0
            self._idle -= not starts
        if starts:
            threading.Thread(target=self._serve, name="ask", daemon=True).start()
        self._work.put(work)

    def _serve(self) -> None:
        while True:
            self._work.get()()
            with self._lock:
                self._idle += 1


class Place:
    """A place in the limit; it is free again after `leave`."""

    def __init__(self, leave: Callable[[], object]) -> None:
        self._leave: Callable[[], object] | None = leave

    def leave(self) -> None:
        """Free the place, once."""
        leave, self._leave = self._leave, None
        if leave:
            leave()


of_this_process = AskThreads()
"""The asks of all gateways of the process; the local host allows them."""
