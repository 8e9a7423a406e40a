"""Redis commands, with one error for a Redis that is away: ServiceUnavailable."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from runtime.errors import ServiceUnavailable
from runtime.state.redis_clients import ANSWER_SECONDS

T = TypeVar("T")

log = logging.getLogger("gateway.store")

SHORTEST_POLL = 0.005
LONGEST_POLL = 0.1


class RedisStore:
    """The commands that the gateway uses of Redis; it connects at the first one.

    Values are bytes. Keys always carry a time to live.
    """

    def __init__(self, connect: Callable[[], Any], *, blocking: bool = True) -> None:
        self._connect = connect
        self._blocking = blocking
        self._client: Any = None
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        value: bytes | None = self._call(lambda client: client.get(key))
        return value

    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Store the value for this time."""
        self._call(lambda client: client.set(key, value, px=round(seconds * 1000)))

    def add(self, key: str, value: bytes, *, seconds: float) -> bool:
        """Store the value unless there is one; tell whether it was stored."""
        px = round(seconds * 1000)
        return bool(self._call(lambda client: client.set(key, value, px=px, nx=True)))

    def remove(self, key: str) -> None:
        """Remove the key, if it is there."""
        self._call(lambda client: client.delete(key))

    def field(self, key: str, field: str) -> bytes | None:
        """Return one field of a hash, or None."""
        value: bytes | None = self._call(lambda client: client.hget(key, field))
        return value

    def count(self, counts: Mapping[tuple[str, str], int], *, seconds: float) -> None:
        """Add to fields of hashes, by (key, field); the hashes live for this time."""

        def push(client: Any) -> None:
            with client.pipeline(transaction=False) as pipeline:
                for (key, field), number in counts.items():
                    pipeline.hincrby(key, field, number)
                for key in {key for key, _ in counts}:
                    pipeline.pexpire(key, round(seconds * 1000))
                pipeline.execute()

        self._call(push)

    def announce(self, key: str, value: bytes, *, seconds: float) -> None:
        """Wake all who wait for this key now, or begin to within this time."""

        def push(client: Any) -> None:
            with client.pipeline() as pipeline:
                pipeline.rpush(key, value).pexpire(key, round(seconds * 1000)).execute()

        self._call(push)

    def wait(self, key: str, *, seconds: float) -> bytes | None:
        """Return the value that is announced on this key, or None after this time.

        The element is moved from the list to itself, so it wakes every waiter.
        """
        if not self._blocking:
            return self._poll(key, seconds)
        timeout = max(0.01, min(seconds, ANSWER_SECONDS - 1))
        value: bytes | None = self._call(
            lambda client: client.blmove(key, key, timeout, src="LEFT", dest="LEFT")
        )
        return value

    def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Run a Lua script; it is loaded again if Redis has forgotten it."""
        digest = _digest(script)

        def call(client: Any) -> Any:
            from redis.exceptions import NoScriptError

            try:
                return client.evalsha(digest, len(keys), *keys, *arguments)
            except NoScriptError:
                return client.eval(script, len(keys), *keys, *arguments)

        return self._call(call)

    def _poll(self, key: str, seconds: float) -> bytes | None:
        # For a Redis behind a proxy that refuses blocking commands.
        pause, until = SHORTEST_POLL, time.monotonic() + seconds
        while True:
            value: bytes | None = self._call(lambda client: client.lindex(key, 0))
            left = until - time.monotonic()
            if value is not None or left <= 0:
                return value
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_POLL)

    def _call(self, command: Callable[[Any], T]) -> T:
        from redis import RedisError
        from redis.exceptions import RedisClusterException

        try:
            with self._lock:
                if self._client is None:
                    self._client = self._connect()
            return command(self._client)
        # redis-py has an error of another kind for a cluster that is away.
        except (RedisError, RedisClusterException, OSError) as error:
            # The error's own text can hold the URL with its password.
            log.warning("redis: %s", type(error).__name__)
            raise ServiceUnavailable from None


@lru_cache
def _digest(script: str) -> str:
    return hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - EVALSHA's
