"""A fetch under a lease: how long it is tried, and a lease that outlives an outage."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from runtime.custody import fetching
from runtime.custody.custody import Custody
from runtime.custody.protocol import Pace
from runtime.errors import WeChatUnavailable
from runtime.state.breaker import Breaker
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.credential_sources import ScriptedSource, make_custody
from tests.support.local_hosts import eventually
from tests.support.ports import free_port
from tests.support.relay import Relay

WAIT = 10.0


@pytest.fixture
def clock(monkeypatch):
    """The clock of the attempts alone, moved by hand and by their pauses."""
    now = SimpleNamespace(seconds=0.0)

    def sleep(seconds):
        now.seconds += seconds

    monkeypatch.setattr(
        fetching, "time", SimpleNamespace(monotonic=lambda: now.seconds, sleep=sleep)
    )
    return now


@pytest.mark.parametrize(
    ("seconds", "attempts"),
    [
        (WAIT / 2 - 0.101, 2),  # the next one begins within the first half
        (WAIT / 2 - 0.1, 1),
        (WAIT / 2 - 0.2, 2),
        (2.2, 3),
        (2.3, 2),
    ],
)
def test_attempts_begin_in_the_first_half_of_the_wait(
    redis_server, clock, seconds, attempts
):
    """One that hangs may take the other half, and the callers still get its outcome."""

    def hang():
        clock.seconds += seconds

    source = ScriptedSource(answers=[WeChatUnavailable()] * 3, gate=hang)
    custody = make_custody(redis_server, pace=Pace(wait=WAIT))
    with pytest.raises(WeChatUnavailable):
        custody.get(source)

    assert attempts == len(source.fetched)


def test_a_lease_is_renewed_again_after_redis_was_away(own_redis):
    """Its holder is not replaced, although one renewal has failed."""
    done, pace = threading.Event(), Pace(lease=20, renew_every=0.05, wait=60)
    source = ScriptedSource(gate=lambda: done.wait(60))
    key = f"gateway:credential:{{{source.name}}}"

    def lease_until():
        with own_redis.client() as client:
            return int(client.hget(key, "lease_until") or 0)

    def is_renewed_after(before):
        return lambda: lease_until() > before

    with Relay(own_redis.port) as relay, ThreadPoolExecutor(1) as threads:
        store = RedisStore(lambda: connect(relay.url), breaker=Breaker(pause=0.0))
        fetched = threads.submit(Custody(store, pace=pace).get, source)
        try:
            eventually(lambda: lease_until() > 0)
            eventually(is_renewed_after(lease_until()))
            relay.port, failed = free_port(), relay.connections
            relay.cut = True
            eventually(lambda: relay.connections >= failed + 2)
            time.sleep(0.1)
            still = lease_until()
            relay.port = own_redis.port
            eventually(is_renewed_after(still))
        finally:
            done.set()

        assert "T1" == fetched.result(60).value
