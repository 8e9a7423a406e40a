"""Scripted sources of a credential, and custody as several processes have it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from runtime.custody.custody import Custody
from runtime.custody.lease import Lease
from runtime.custody.protocol import CredentialValue, Pace
from runtime.custody.upkeep import Upkeep
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore

QUICK = Pace(lease=0.3, renew_every=0.1, wait=5, first_pause=0.2, longest_pause=0.4)


ASKS_TIME = "redis.call('TIME')"

MIDNIGHT = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8))).timestamp()
"""A midnight in China, where WeChat's day begins."""


@dataclass
class ScriptedSource:
    """Gives T1, T2, ... or what `answers` says; `gate` holds a fetch back."""

    name: str = "access_token:wx1"
    revision: str = "1"
    retires: bool = False
    repeats: bool = False
    seconds: float = 7200.0
    answers: list = field(default_factory=list)
    fetched: list = field(default_factory=list)
    gate: Callable[[], object] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, *, force: bool) -> CredentialValue:
        with self.lock:
            number = len(self.fetched) + 1
            self.fetched.append(force)
            answer = self.answers.pop(0) if self.answers else f"T{number}"
        if self.gate:
            self.gate()
        if isinstance(answer, Exception):
            raise answer
        return CredentialValue(answer, self.seconds)


class WatchedStore(RedisStore):
    """A connection to Redis that lists the scripts it has run."""

    def __init__(self, connect) -> None:
        super().__init__(connect)
        self.scripts: list[str] = []

    def run(self, script, keys, arguments, **options):
        self.scripts.append(script)
        return super().run(script, keys, arguments, **options)


class ClockedStore(RedisStore):
    """Redis, whose scripts read the time that a test has set.

    Each script asks Redis for the time in one place, where this store writes `now`
    instead, in seconds. Keys still end by Redis' own clock.
    """

    def __init__(self, connect) -> None:
        super().__init__(connect)
        self.now = MIDNIGHT

    def run(self, script, keys, arguments, **options):
        assert script.count(ASKS_TIME) == 1
        seconds, ms = divmod(round(self.now * 1000), 1000)
        script = script.replace(ASKS_TIME, f"{{'{seconds}', '{ms * 1000}'}}")
        return super().run(script, keys, arguments, **options)


class StalledStore(RedisStore):
    """A connection to Redis whose next answer is held back."""

    def __init__(self, connect) -> None:
        super().__init__(connect)
        self.stalled = False
        self.has_answered, self.goes_on = threading.Event(), threading.Event()

    def run(self, script, keys, arguments, **options):
        answer = super().run(script, keys, arguments, **options)
        if self.stalled:
            self.stalled = False
            self.has_answered.set()
            self.goes_on.wait(20)
        return answer


def make_store(redis_server, kind=RedisStore):
    """Return a connection of its own, as another process has."""
    return kind(lambda: connect(redis_server.url))


def make_custody(redis_server, *, store=None, pace=QUICK, **more) -> Custody:
    """Return custody with a store of its own, as another process has."""
    return Custody(store or make_store(redis_server), pace=pace, **more)


def make_upkeep(redis_server, *, store=None, pace=QUICK) -> Upkeep:
    """Return upkeep, for the timer and the operator, with a store of its own."""
    return Upkeep(store or make_store(redis_server), pace=pace)


def make_lease(redis_server, *, store=None, pace=QUICK) -> Lease:
    """Return the steps of the protocol for one credential."""
    store = store or make_store(redis_server)
    return Lease(store, "access_token:wx1", pace=pace)


def fields(redis_server, name="access_token:wx1") -> dict:
    """Return the fields of a credential's hash in Redis."""
    client = redis_server.client()
    kept = client.hgetall(f"gateway:credential:{{{name}}}")
    client.close()
    return {key.decode(): value.decode() for key, value in kept.items()}


def set_field(redis_server, field_, value, name="access_token:wx1"):
    """Change one field, as the passing of time would."""
    client = redis_server.client()
    client.hset(f"gateway:credential:{{{name}}}", field_, value)
    client.close()


def make_due(redis_server, name="access_token:wx1"):
    """Let the stored value be due for replacement while it still lives."""
    set_field(redis_server, "due_at", 1, name)


def make_expired(redis_server, name="access_token:wx1"):
    """Let the stored value be past its end."""
    set_field(redis_server, "expires_at", 1, name)


def all_at_once(calls):
    """Run the calls in parallel and return their results or errors."""

    def run(call):
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(20) for each in [pool.submit(run, call) for call in calls]]
