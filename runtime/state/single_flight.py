"""Threads of one process that want the same thing share one way to it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """The flights under way, by key; the first to board flies, the rest sit along."""

    def __init__(self) -> None:
        self._futures: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def board(self, key: str) -> tuple[Future[T], bool]:
        """Return the key's flight and whether the caller is its pilot."""
        with self._lock:
            future = self._futures.get(key)
            if future is not None:
                return future, False
            future = self._futures[key] = Future()
            return future, True

    def land(self, key: str, future: Future[T]) -> None:
        """Take no more passengers; those on board get the future's result."""
        with self._lock:
            if self._futures.get(key) is future:
                del self._futures[key]

    def divert(self, key: str) -> None:
        """Let whoever comes now begin anew: what is under way may be outdated."""
        with self._lock:
            self._futures.pop(key, None)
