"""Redis commands, with one error for a Redis that is away: ServiceUnavailable."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from runtime.state.breaker import Breaker
from runtime.state.deployment import Deployment
from runtime.state.redis_calls import RedisCalls, run_script
from runtime.state.redis_clients import ANSWER_SECONDS

SHORTEST_POLL = 0.005
LONGEST_POLL = 0.1

LONGEST_BLOCK = ANSWER_SECONDS - 0.3
"""Seconds of one blocking command: a longer one would be taken for a hanging Redis."""

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


@dataclass(frozen=True, slots=True)
class Increment:
    """A number that is added to a field of a hash, which then lives for some time."""

    key: str
    field: str
    by: int
    seconds: float


class RedisStore:
    """The commands that the gateway uses of Redis; it connects at the first one.

    Values are bytes. Keys always carry a time to live. See redis_calls.py for what is
    repeated, and deployment.py for whose Redis it is; without a `deployment` anybody's.
    `name` is the one in the log.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        blocking: bool = True,
        breaker: Breaker | None = None,
        deployment: Deployment | None = None,
        name: str = "redis",
    ) -> None:
        self._blocking = blocking
        self._deployment = deployment
        calls = RedisCalls(
            connect,
            breaker=breaker,
            first_call=deployment.check if deployment else None,
            name=name,
        )
        self._call = calls.call
        self.pool_use = calls.pool_use

    def check_deployment(self) -> None:
        """Raise OtherDeployment if Redis belongs to another one by now."""
        if self._deployment:
            self._call(self._deployment.check, repeatable=True, unchecked=True)

    def try_commands(self, name: str) -> None:
        """Use each command that the gateway needs; RefusedByRedis names the others."""
        from runtime.state.redis_trial import Trial

        trial = Trial(name, blocking=self._blocking)
        self._call(trial.make, repeatable=True, unchecked=True)

    def take_over(self) -> str:
        """Let Redis belong to this deployment; return the URL of the one before."""
        if self._deployment is None:
            return ""
        return self._call(self._deployment.take_over, repeatable=True, unchecked=True)

    def time(self) -> float:
        """Return Redis' time in Unix seconds; all processes have the same."""

        def read(client: Any) -> float:
            seconds, microseconds = client.time()
            return float(seconds + microseconds / 1e6)

        return self._call(read, repeatable=True)

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

    def put_all(
        self, entries: Sequence[Entry], *, increments: Sequence[Increment] = ()
    ) -> None:
        """Store all of them in one round trip, though not as one transaction.

        Their keys may lie on several nodes of a cluster. The increments are counts that
        ride along: one that Redis refuses is no error, and where the answer is lost and
        all is repeated, they may count twice.
        """

        def write(client: Any) -> None:
            if len(entries) == 1 and not increments:
                (each,) = entries
                client.set(each.key, each.value, px=each.milliseconds)
                return
            with client.pipeline(transaction=False) as pipeline:
                for each in entries:
                    pipeline.set(each.key, each.value, px=each.milliseconds)
                for added in increments:
                    pipeline.hincrby(added.key, added.field, added.by)
                for key, life in {
                    each.key: each.seconds for each in increments
                }.items():
                    pipeline.pexpire(key, round(life * 1000))
                answers = pipeline.execute(raise_on_error=not increments)
            for answer in answers[: len(entries)]:
                if isinstance(answer, Exception):
                    raise answer

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

    def keys(self, pattern: str) -> list[str]:
        """Return the keys that fit, in all nodes of a cluster: a long search."""

        def search(client: Any) -> list[str]:
            found = client.scan_iter(match=pattern, count=KEYS_AT_ONCE)
            return sorted({key.decode() for key in found})

        keys: list[str] = self._call(search, repeatable=True)
        return keys

    def field(self, key: str, field: str) -> bytes | None:
        """Return one field of a hash, or None."""
        value: bytes | None = self._call(
            lambda client: client.hget(key, field), repeatable=True
        )
        return value

    def fields(self, key: str) -> dict[bytes, bytes]:
        """Return all fields of a hash, none if it is not there."""
        found: dict[bytes, bytes] = self._call(
            lambda client: client.hgetall(key), repeatable=True
        )
        return found

    def fields_of_all(self, keys: Sequence[str]) -> list[dict[bytes, bytes]]:
        """Return all fields of each hash; dozens take one round trip."""
        found: list[dict[bytes, bytes]] = self._for_each(
            keys, lambda pipeline, key: pipeline.hgetall(key)
        )
        return found

    def count(
        self,
        counts: Mapping[tuple[str, str], int],
        *,
        seconds: Callable[[str], float],
        sized: Sequence[str],
        latest: Mapping[tuple[str, str], int] = MappingProxyType({}),
    ) -> dict[str, int]:
        """Add to fields of hashes, by (key, field); return the sizes of some hashes.

        Each hash lives for the time that `seconds` tells of its key. The fields of
        `latest` are set and not added to.
        """

        def push(client: Any) -> dict[str, int]:
            with client.pipeline(transaction=False) as pipeline:
                for (key, field), number in counts.items():
                    pipeline.hincrby(key, field, number)
                for (key, field), value in latest.items():
                    pipeline.hset(key, field, value)
                for key in {key for key, _ in (*counts, *latest)}:
                    pipeline.pexpire(key, round(seconds(key) * 1000))
                for key in sized:
                    pipeline.hlen(key)
                answers = pipeline.execute()
                sizes = answers[len(answers) - len(sized) :]
                return dict(zip(sized, map(int, sizes), strict=True))

        return self._call(push)

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
        """Run a Lua script and return its answer.

        A `repeatable` one gives the same result if it runs twice with the same
        arguments, so it is run again if its answer was lost. What changes something
        takes an id of the attempt for that, see `attempt_id`.
        """
        return self._call(
            partial(run_script, script=script, keys=keys, arguments=arguments),
            repeatable=repeatable,
        )

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


def _block(client: Any, *, key: str, seconds: float) -> Any:
    return client.blmove(key, key, seconds, src="LEFT", dest="LEFT")
