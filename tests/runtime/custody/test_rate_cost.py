"""The rate cost of a call, taken in the round trip that reads the credential."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.custody.protocol import RateCost
from runtime.errors import RateLimited
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.credential_sources import (
    ScriptedSource,
    make_custody,
    make_due,
)

FREE = RateCost("shop", per_second=1000, burst=1000)


def test_callers_with_a_rate_cost_share_one_fetch(redis_server):
    """The holder of the lease fetches, the others wait for it."""
    source = ScriptedSource(gate=lambda: time.sleep(0.1))
    custodies = [make_custody(redis_server) for _ in range(4)]
    with ThreadPoolExecutor(40) as pool:
        calls = [
            pool.submit(each.get, source, cost=FREE)
            for each in custodies
            for _ in "x" * 10
        ]
        values = {call.result(10).value for call in calls}

    assert values == {"T1"}
    assert len(source.fetched) == 1


def test_a_call_costs_one_round_trip(redis_server):
    """Value and bucket are read by one script."""
    source, client, sent = ScriptedSource(), redis_server.client(), []
    custody = make_custody(redis_server, store=RedisStore(lambda: client))
    custody.get(source)
    execute = client.execute_command
    client.execute_command = lambda *args, **more: (
        sent.append(args[0]) or execute(*args, **more)
    )
    for _ in range(10):
        custody.get(source, cost=FREE)

    assert sent == ["EVALSHA"] * 10


def test_a_client_over_its_rate_does_not_refresh(redis_server):
    """A client over its rate is refused, and the value stays due for others."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    poor = RateCost("poor", per_second=0.1, burst=1)
    custody.get(source, cost=poor)
    make_due(redis_server)
    with pytest.raises(RateLimited) as caught:
        custody.get(source, cost=poor)

    assert 9 <= caught.value.retry_after <= 10
    assert custody.get(source, cost=FREE).value == "T2"


def test_without_redis_there_is_no_rate(own_redis):
    """The last value seen is used; no call fails because the bucket cannot be read."""
    source, custody = ScriptedSource(), make_custody(own_redis)
    poor = RateCost("poor", per_second=0.1, burst=1)
    custody.get(source, cost=poor)
    own_redis.stop()

    assert custody.get(source, cost=poor).value == "T1"
