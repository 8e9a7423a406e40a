"""Calls of Redis: which are repeated, and which error means that Redis is away.

A command is repeated once, on a new connection, if it was not sent or not run, or if a
repetition changes nothing. A Redis that hangs is away for all callers at once, see
breaker.py. One that belongs to another deployment is away as well, see deployment.py:
it is asked again after a while, so that nobody has to restart anything.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from runtime.errors import (
    OtherDeployment,
    RedisFault,
    RefusedByRedis,
    ServiceUnavailable,
)
from runtime.state.breaker import PAUSE_SECONDS, Breaker
from runtime.state.redis_clients import ANSWER_SECONDS

T = TypeVar("T")

log = logging.getLogger("gateway.store")

_REFUSED = ("READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED", "CLUSTERDOWN", "TRYAGAIN")
"""What a server answers that is not, or no longer, the one to run a command."""

# Redis 6.2 puts what a script was answered into an error of its own.
_REFUSAL = re.compile(rf"(?:Error running script .*: -)?(?:{'|'.join(_REFUSED)})\b")

_NOT_PERMITTED = re.compile(r"no permissions to run the '([A-Za-z|]+)' command")

_OLD_MASTER = "The previous master is now a slave"
"""What redis-py makes of READONLY where Sentinel tells the address."""


class RedisCalls:
    """The calls of a process; the first one connects, and makes the `first_call`."""

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        breaker: Breaker | None = None,
        first_call: Callable[[Any], object] | None = None,
        name: str = "redis",
    ) -> None:
        self._name = name
        self._connect = connect
        self._breaker = breaker or Breaker()
        self._first_call = first_call
        self._refusal: OtherDeployment | None = None
        self._refused_until = 0.0
        self._client: Any = None
        self._lock = threading.Lock()

    def call(
        self,
        command: Callable[[Any], T],
        *,
        repeatable: bool = False,
        blocking: float = 0.0,
        unchecked: bool = False,
    ) -> T:
        """Return what the command returns for a client; ServiceUnavailable if it fails.

        Before an `unchecked` one the first call is not made.
        """
        from redis import RedisError
        from redis.exceptions import RedisClusterException

        with self._breaker.trying() as attempt:
            began = time.monotonic()
            try:
                if not unchecked:
                    self._make_first_call()
                return self._attempt(command, repeatable=repeatable)
            # redis-py has an error of another kind for a cluster that is away.
            except (RedisError, RedisClusterException, OSError) as error:
                # A refused connection costs nobody time.
                if time.monotonic() - began >= blocking + 0.9 * ANSWER_SECONDS:
                    attempt.fail()
                if fault := _fault(error):
                    log.error("%s: %s", self._name, fault.explanation)
                    raise fault from None
                # The error's own text can hold the URL with its password.
                log.warning("%s: %s", self._name, type(error).__name__)
                raise ServiceUnavailable from None

    def pool_use(self) -> tuple[int, int]:
        """Return the connections in use and idle ones; none before the first call."""
        client = self._client
        if client is None:
            return 0, 0
        from runtime.state.redis_pools import use_of

        return use_of(client)

    def _make_first_call(self) -> None:
        first_call = self._first_call
        if first_call is None:
            return
        if self._refusal and time.monotonic() < self._refused_until:
            raise self._refusal
        try:
            self._attempt(first_call, repeatable=True)
        except OtherDeployment as refusal:
            self._refused_until = time.monotonic() + PAUSE_SECONDS
            self._refusal = refusal
            log.error("%s: %s", self._name, refusal.explanation)
            raise
        self._first_call = None

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


def run_script(
    client: Any, script: str, keys: Sequence[str], arguments: Sequence[Any]
) -> Any:
    """Run a Lua script; it is loaded again if Redis has forgotten it."""
    from redis.exceptions import NoScriptError

    try:
        return client.evalsha(digest_of(script), len(keys), *keys, *arguments)
    except NoScriptError:
        return client.eval(script, len(keys), *keys, *arguments)


def _may_repeat(error: Exception, *, repeatable: bool) -> bool:
    from redis import ConnectionError as LostConnection

    from runtime.state.redis_pools import is_unsent

    if _is_refusal(error):
        return True
    is_lost = isinstance(error, LostConnection)
    # Redis may have run it, and only the answer was lost.
    return is_lost and (repeatable or is_unsent(error))


def _fault(error: Exception) -> RedisFault | None:
    """Return what no repetition mends; None for all else."""
    from runtime.state.redis_certificates import untrusted

    if fault := untrusted(error):
        return fault
    text = str(error)
    if command := _NOT_PERMITTED.search(text):
        return RefusedByRedis([command[1].lower()], command[0])
    if "bad lua script" in text or "eval/evalsha" in text:
        return RefusedByRedis(["eval"], text)
    return None


def _is_refusal(error: Exception) -> bool:
    # redis-py cuts the word off where it knows an exception for it.
    text = str(error)
    known = getattr(error, "status_code", None) in _REFUSED
    return known or text == _OLD_MASTER or bool(_REFUSAL.match(text))


@lru_cache
def digest_of(script: str) -> str:
    """Return the digest by which Redis knows a script."""
    return hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - EVALSHA's
