"""Token custody with a Redis that hangs or loses answers."""

from __future__ import annotations

import itertools

import pytest

from runtime.custody.custody import Custody
from runtime.custody.protocol import CredentialValue, Pace, RateCost, Refusal, Verdict
from runtime.errors import ServiceUnavailable
from runtime.state.breaker import Breaker
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.usage.counters import Counters
from tests.runtime.custody.credential_sources import (
    ScriptedSource,
    all_at_once,
    fields,
    make_lease,
)
from tests.support.local_hosts import eventually
from tests.support.relay import Relay


@pytest.fixture
def relay(own_redis):
    with Relay(own_redis.port) as made:
        yield made


def slow_store(url):
    """Return a store that does not ask a second time once Redis has hung."""
    return RedisStore(lambda: connect(url), breaker=Breaker(pause=3600))


def test_a_value_that_was_seen_is_served_while_redis_hangs(relay, own_redis):
    """Many callers use it; Redis is asked by those only that were first."""
    source, other = ScriptedSource(), ScriptedSource(name="access_token:wx2")
    custody = Custody(slow_store(relay.url), pace=Pace())
    value = custody.get(source).value
    own_redis.freeze()
    served = [custody.get(source).value for _ in range(2)]
    connections = relay.connections
    served += [custody.get(source).value for _ in range(50)]
    unseen = all_at_once([lambda: custody.get(other) for _ in range(8)])
    own_redis.thaw()

    assert {value} == set(served)
    assert connections == relay.connections
    assert {ServiceUnavailable} == {type(each) for each in unseen}
    assert [False] == source.fetched
    assert [] == other.fetched


def test_the_error_names_redis_and_not_wechat(own_redis):
    """Threads that share one attempt are told the same."""
    custody = Custody(slow_store(own_redis.url), pace=Pace())
    own_redis.freeze()
    told = all_at_once([lambda: custody.get(ScriptedSource()) for _ in range(16)])
    own_redis.thaw()

    assert {"temporarily_unavailable"} == {each.code for each in told}


def test_counts_do_not_wait_for_a_hanging_redis(relay, own_redis):
    """They are dropped and counted; no call is held up."""
    times = itertools.count(10.0, 10.0)
    store = slow_store(relay.url)
    counters = Counters(store, clock=lambda: next(times), patience=0.001)
    own_redis.freeze()
    for _ in range(100):
        counters.add("demo", "wx1", "/cgi-bin/user/info", errcode=0)
    eventually(lambda: counters.dropped)
    own_redis.thaw()

    assert 1 == relay.connections
    assert 0 < counters.dropped <= 100


COST = RateCost("shop", per_second=0.01, burst=10)


def test_each_step_takes_effect_once_if_its_answer_is_lost(relay, own_redis):
    """It is sent again, recognizes itself and answers the same."""
    lease = make_lease(relay, pace=Pace(rejections=5))

    def lossy(call):
        relay.begin(swallow=1)
        told = call()
        assert relay.swallowed
        return told

    def acquired():
        return lossy(lambda: lease.acquire("me", revision="1", cost=COST, count=3))

    lease.describe()
    first = acquired()
    assert (first.verdict, first.paid) == (Verdict.MINE, 3)
    assert 7 == bucket(own_redis)
    held = "me", fields(own_redis)["fence"]
    assert lossy(lambda: lease.claim_force(*held)) == "granted"
    assert "1" == fields(own_redis)["forced"]
    value = CredentialValue("T1", 7200.0)

    def commit():
        return lease.commit(*held, value, due_in=7000.0, fetches=1, retires=True)

    assert lossy(commit).is_stored
    assert "1" == fields(own_redis)["fetches"]
    assert 0 < int(fields(own_redis)["due_at"]) - int(fields(own_redis)["fetched_at"])
    lossy(lambda: lease.reject("T1"))
    assert 4 == float(fields(own_redis)["rejections"])
    last = lease.acquire("me too", revision="1")

    def give_up():
        refusal = Refusal(40164, "invalid ip")
        counts = {"jitter": 1.0, "fetches": 1, "retires": False}
        lease.give_up("me too", last.fence, refusal, revision="1", **counts)

    lossy(give_up)
    assert ("1", "2") == (fields(own_redis)["failures"], fields(own_redis)["fetches"])


def bucket(server):
    with server.client() as client:
        (key,) = client.keys("gateway:credential:*:rate:shop")
        return round(float(client.hget(key, "level")))
