"""Single flight: threads of one process that want the same thing share one attempt."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """The attempts under way, by key: the first caller works, the others wait."""

    def __init__(self) -> None:
        self._futures: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def join(self, key: str) -> tuple[Future[T], bool]:
        """Return the key's future, and whether the caller is the one to set it."""
        with self._lock:
            future = self._futures.get(key)
            if future is not None:
                return future, False
            future = self._futures[key] = Future()
            return future, True

    def finish(self, key: str, future: Future[T]) -> None:
        """Let nobody join this attempt any more; those who have joined wait on."""
        with self._lock:
            if self._futures.get(key) is future:
                del self._futures[key]

    def forget(self, key: str) -> None:
        """Let the next caller begin anew: what is under way may be outdated."""
        with self._lock:
            self._futures.pop(key, None)
