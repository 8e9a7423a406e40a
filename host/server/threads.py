"""Thread pool of an event loop.

The standard library's executor makes two futures for each call and wakes the loop for
each result, which costs a fifth of the requests that this host can serve.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
Settle = Callable[[], None]


class Threads:
    """At most `most` threads, started as needed; created in the loop's thread.

    They are daemon threads: one that hangs ends with its process.
    """

    def __init__(self, most: int, *, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._name = name
        self._started = 0
        self._under_way = 0
        self._work: SimpleQueue[Callable[[], Settle] | None] = SimpleQueue()
        self._settled: deque[Settle] = deque()
        self._loop_woken = False

    @property
    def waiting(self) -> int:
        """Return how much work waits for a thread."""
        return max(0, self._under_way - self._most)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Return a future of the work's result; cancelled, it drops the result.

        Work that is cancelled before a thread takes it is not started. After stop()
        the future is cancelled from the start.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._most:  # stopped: no thread would ever settle it
            future.cancel()
            return future
        self._work.put(lambda: _done(work, future))
        self._under_way += 1
        if self._started < min(self._under_way, self._most):
            self._started += 1
            name = f"{self._name}_{self._started}"
            threading.Thread(target=self._serve, name=name, daemon=True).start()
        return future

    def stop(self) -> None:
        """Start no more work; work that waits for a thread is dropped."""
        self._most = 0
        with suppress(Empty):
            while True:
                self._work.get_nowait()
        for _ in range(self._started):
            self._work.put(None)

    def _serve(self) -> None:
        while work := self._work.get():
            self._settled.append(work())
            # One wake-up is enough: the loop takes all results that are there.
            if not self._loop_woken:
                self._loop_woken = True
                with suppress(RuntimeError):  # the loop is closed
                    self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._loop_woken = False  # before it looks, so that no result is missed
        while self._settled:
            self._under_way -= 1
            self._settled.popleft()()


def _done(work: Callable[[], T], future: asyncio.Future[T]) -> Settle:
    """Do the work; return the function by which the loop settles the future."""
    if future.cancelled():
        return _nothing
    try:
        result = work()
    except BaseException as error:
        failure = error
        return lambda: None if future.done() else future.set_exception(failure)
    return lambda: None if future.done() else future.set_result(result)


def _nothing() -> None:
    pass
