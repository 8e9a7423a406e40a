"""Redis commands, with one error for a Redis that is away: ServiceUnavailable."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

from runtime.errors import ServiceUnavailable
from runtime.state.breaker import Breaker
from runtime.state.redis_clients import ANSWER_SECONDS

T = TypeVar("T")

log = logging.getLogger("gateway.store")

SHORTEST_POLL = 0.005
LONGEST_POLL = 0.1

LONGEST_BLOCK = ANSWER_SECONDS - 0.3
"""Seconds of one blocking command: a longer one would be taken for a hanging Redis."""

_REFUSED = ("READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED", "CLUSTERDOWN", "TRYAGAIN")
"""What a server answers that is not, or no longer, the one to run a command."""

# Redis 6.2 puts what a script was answered into an error of its own.
_REFUSAL = re.compile(rf"(?:Error running script .*: -)?(?:{'|'.join(_REFUSED)})\b")

_OLD_MASTER = "The previous master is now a slave"
"""What redis-py makes of READONLY where Sentinel tells the address."""


KEYS_AT_ONCE = 1000
"""In one round trip, so that neither side holds much for the other."""

ATTEMPT_SECONDS = 10
"""How long a script can recognize that it is repeated; a repetition comes at once."""


def attempt_id() -> str:
    """Return a new id, by which a script recognizes that it is repeated."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value to be stored under a key for some time."""

    key: str
    value: bytes
    seconds: float

    @property
    def milliseconds(self) -> int:
        """Return its time to live as Redis takes it."""
        return round(self.seconds * 1000)


class RedisStore:
    """The commands that the gateway uses of Redis; it connects at the first one.

    Values are bytes. Keys always carry a time to live. A command is repeated once, on a
    new connection, if it was not sent or not run, or if a repetition changes nothing.
    A Redis that hangs is away for all callers at once, see breaker.py.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        blocking: bool = True,
        breaker: Breaker | None = None,
    ) -> None:
        self._connect = connect
        self._blocking = blocking
        self._breaker = breaker or Breaker()
        self._client: Any = None
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        value: bytes | None = self._call(
            lambda client: client.get(key), repeatable=True
        )
        return value

    def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values in this order, None where there is none; one round trip."""

        def read(client: Any) -> list[bytes | None]:
            with client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.get(key)
                found: list[bytes | None] = pipeline.execute()
                return found

        return self._call(read, repeatable=True)

    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Store the value for this time."""
        self.put_all([Entry(key, value, seconds)])

    def put_all(self, entries: Sequence[Entry]) -> None:
        """Store all of them in one round trip, though not as one transaction.

        Their keys may lie on several nodes of a cluster.
        """

        def write(client: Any) -> None:
            if len(entries) == 1:
                (each,) = entries
                client.set(each.key, each.value, px=each.milliseconds)
                return
            with client.pipeline(transaction=False) as pipeline:
                for each in entries:
                    pipeline.set(each.key, each.value, px=each.milliseconds)
                pipeline.execute()

        self._call(write, repeatable=True)

    def add(self, key: str, value: bytes, *, seconds: float) -> bool:
        """Store the value unless there is one; tell whether it was stored."""
        px = round(seconds * 1000)
        return bool(self._call(lambda client: client.set(key, value, px=px, nx=True)))

    def remove(self, key: str) -> None:
        """Remove the key, if it is there."""
        self._call(lambda client: client.delete(key), repeatable=True)

    def hashes(
        self, keys: Sequence[str], fields: Sequence[str]
    ) -> list[list[bytes | None]]:
        """Return these fields of each hash; thousands take a few round trips."""
        found: list[list[bytes | None]] = self._for_each(
            keys, lambda pipeline, key: pipeline.hmget(key, fields)
        )
        return found

    def extend(self, keys: Sequence[str], *, seconds: float) -> None:
        """Let the keys that are there live for this time from now on."""
        life = round(seconds * 1000)
        self._for_each(keys, lambda pipeline, key: pipeline.pexpire(key, life))

    def _for_each(self, keys: Sequence[str], ask: Callable[[Any, str], Any]) -> Any:
        def call(client: Any, chunk: Sequence[str]) -> list[Any]:
            with client.pipeline(transaction=False) as pipeline:
                for key in chunk:
                    ask(pipeline, key)
                found: list[Any] = pipeline.execute()
                return found

        found: list[Any] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            chunk = keys[start : start + KEYS_AT_ONCE]
            found += self._call(partial(call, chunk=chunk), repeatable=True)
        return found

    def field(self, key: str, field: str) -> bytes | None:
        """Return one field of a hash, or None."""
        value: bytes | None = self._call(
            lambda client: client.hget(key, field), repeatable=True
        )
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

    def wait(self, key: str, *, seconds: float) -> bytes | None:
        """Return the first element of this list, or None if there is none in this time.

        The element is moved from the list to itself, so it wakes every waiter.
        """
        if not self._blocking:
            return self._poll(key, seconds)
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            timeout = max(0.01, min(left, LONGEST_BLOCK))
            value: bytes | None = self._call(
                partial(_block, key=key, seconds=timeout),
                repeatable=True,
                blocking=timeout,
            )
            if value is not None or left <= LONGEST_BLOCK:
                return value

    def run(
        self,
        script: str,
        keys: list[str],
        arguments: list[Any],
        *,
        repeatable: bool = False,
    ) -> Any:
        """Run a Lua script; it is loaded again if Redis has forgotten it.

        A `repeatable` one gives the same result if it runs twice with the same
        arguments, so it is run again if its answer was lost. What changes something
        takes an id of the attempt for that, see `attempt_id`.
        """
        digest = _digest(script)

        def call(client: Any) -> Any:
            from redis.exceptions import NoScriptError

            try:
                return client.evalsha(digest, len(keys), *keys, *arguments)
            except NoScriptError:
                return client.eval(script, len(keys), *keys, *arguments)

        return self._call(call, repeatable=repeatable)

    def _poll(self, key: str, seconds: float) -> bytes | None:
        # For a Redis behind a proxy that refuses blocking commands.
        pause, until = SHORTEST_POLL, time.monotonic() + seconds
        while True:
            value: bytes | None = self._call(
                lambda client: client.lindex(key, 0), repeatable=True
            )
            left = until - time.monotonic()
            if value is not None or left <= 0:
                return value
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_POLL)

    def _call(
        self,
        command: Callable[[Any], T],
        *,
        repeatable: bool = False,
        blocking: float = 0.0,
    ) -> T:
        from redis import RedisError
        from redis.exceptions import RedisClusterException

        with self._breaker.trying() as attempt:
            began = time.monotonic()
            try:
                return self._attempt(command, repeatable=repeatable)
            # redis-py has an error of another kind for a cluster that is away.
            except (RedisError, RedisClusterException, OSError) as error:
                # A refused connection costs nobody time.
                if time.monotonic() - began >= blocking + 0.9 * ANSWER_SECONDS:
                    attempt.fail()
                # The error's own text can hold the URL with its password.
                log.warning("redis: %s", type(error).__name__)
                raise ServiceUnavailable from None

    def _attempt(self, command: Callable[[Any], T], *, repeatable: bool) -> T:
        from redis import RedisError

        client = self._connected()
        try:
            return command(client)
        except RedisError as error:
            if not _may_repeat(error, repeatable=repeatable):
                raise
        # The address may lead to another server by now.
        self._forget(client)
        return command(self._connected())

    def _connected(self) -> Any:
        # To make a client for a cluster is to ask it, and it may hang.
        if not self._lock.acquire(timeout=2 * ANSWER_SECONDS):
            raise TimeoutError
        try:
            if self._client is None:
                self._client = self._connect()
            return self._client
        finally:
            self._lock.release()

    def _forget(self, client: Any) -> None:
        with self._lock:
            if self._client is client:
                self._client = None
        if pool := getattr(client, "connection_pool", None):
            # Those that other threads use are closed as soon as they fail, too.
            pool.disconnect(inuse_connections=False)


def _block(client: Any, *, key: str, seconds: float) -> Any:
    return client.blmove(key, key, seconds, src="LEFT", dest="LEFT")


def _may_repeat(error: Exception, *, repeatable: bool) -> bool:
    from redis import ConnectionError as LostConnection

    from runtime.state.redis_pools import is_unsent

    if _is_refusal(error):
        return True
    is_lost = isinstance(error, LostConnection)
    # Redis may have run it, and only the answer was lost.
    return is_lost and (repeatable or is_unsent(error))


def _is_refusal(error: Exception) -> bool:
    # redis-py cuts the word off where it knows an exception for it.
    text = str(error)
    known = getattr(error, "status_code", None) in _REFUSED
    return known or text == _OLD_MASTER or bool(_REFUSAL.match(text))


@lru_cache
def _digest(script: str) -> str:
    return hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - EVALSHA's
