"""Usual code around a lock: check, lock, check again, fetch, store."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from bench.source import token_source

LIFE = 7200

Lock = Callable[[Any, str, float], AbstractContextManager[Any]]
"""Makes a lock from a client, a name and the seconds until it expires."""


class Locked:
    """A token in Redis that is fetched under a lock if it is missing."""

    def __init__(
        self, redis_url: str, upstream_url: str, *, lock: float, make: Lock
    ) -> None:
        from redis import Redis

        # Locks block longer than redis-py's default time-out.
        self._redis: Any = Redis.from_url(redis_url, socket_timeout=None)
        self._make, self._seconds = make, lock
        self._source = partial(token_source, upstream_url)

    def get(self, appid: str) -> str:
        """Return the app's token."""
        if value := self.stored(appid):
            return value
        with self._make(self._redis, f"lock:{appid}", self._seconds):
            value = self.stored(appid)
            if not value:
                value = self._source(appid).fetch(force=False).value
                self._redis.set(f"token:{appid}", value, ex=LIFE)
        return value

    def stored(self, appid: str) -> str:
        """Return the token in Redis, or an empty text."""
        kept = self._redis.get(f"token:{appid}")
        return kept.decode() if kept else ""

    def end_life(self, appid: str) -> None:
        """Expire the token in Redis."""
        self._redis.delete(f"token:{appid}")


def redis_py(redis: Any, name: str, seconds: float) -> AbstractContextManager[Any]:
    """Return redis-py's own lock."""
    lock: AbstractContextManager[Any] = redis.lock(name, timeout=seconds)
    return lock


def python_redis_lock(
    redis: Any, name: str, seconds: float
) -> AbstractContextManager[Any]:
    """Return a lock of the package python-redis-lock, which counts whole seconds."""
    module: Any = importlib.import_module("redis_lock")
    lock: AbstractContextManager[Any] = module.Lock(redis, name, expire=round(seconds))
    return lock
