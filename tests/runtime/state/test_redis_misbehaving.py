"""A Redis that hangs, refuses, fails over or loses answers, in real processes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import BusyLoadingError, ConnectionError, ResponseError

from runtime.errors import ServiceUnavailable
from runtime.state.breaker import Breaker
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.local_hosts import eventually
from tests.support.redis_server import make_redis
from tests.support.relay import Relay

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


@pytest.fixture
def relay(own_redis):
    with Relay(own_redis.port) as made:
        yield made


@pytest.fixture
def other_redis(tmp_path):
    (tmp_path / "other").mkdir()
    server = make_redis(tmp_path / "other")
    yield server
    server.stop()


def test_a_failover_behind_one_address_heals_by_itself(relay, own_redis, other_redis):
    """The old master stays up, read-only, and our connections to it do, too: the next
    command, of whatever kind, reaches the new one, and runs once."""
    store = RedisStore(lambda: connect(relay.url))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: store.put(f"a{n}", b"1", seconds=60), range(8)))
    fail_over(relay, own_redis, other_redis)

    assert 5 == store.run(ADD, ["n"], [5])
    assert store.add("b", b"1", seconds=60)
    store.count({("c", "field"): 1}, seconds=lambda key: 60, sized=["c"])
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: store.put(f"a{n}", b"2", seconds=60), range(8)))
    with other_redis.client() as client:
        assert (b"5", b"1") == (client.get("n"), client.get("b"))
        assert b"1" == client.hget("c", "field")


def test_a_wait_outlasts_a_failover(relay, own_redis, other_redis):
    """Redis ends it with UNBLOCKED, and it goes on at the new master."""
    store = RedisStore(lambda: connect(relay.url))
    store.put("a", b"1", seconds=60)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(store.wait, "news", seconds=30)
        with own_redis.client() as client:
            eventually(lambda: client.info("clients")["blocked_clients"])
        fail_over(relay, own_redis, other_redis)
        with other_redis.client() as client:
            client.rpush("news", b"done")

        assert b"done" == waiting.result(30)


def test_a_replica_that_stays_one_is_away(own_redis, other_redis):
    """There is one repetition, then the service is away; reads go on."""
    store = RedisStore(lambda: connect(own_redis.url))
    with own_redis.client() as client:
        client.replicaof("127.0.0.1", other_redis.port)
    with pytest.raises(ServiceUnavailable):
        store.run(ADD, ["n"], [1])

    assert store.get("n") is None


def fail_over(relay, old, new):
    relay.port = new.port
    with old.client() as client:
        client.replicaof("127.0.0.1", new.port)


REFUSALS = [
    ResponseError("You can't write", status_code="READONLY"),
    ResponseError(
        "Error running script (call to f_0): @user_script:1: @user_script: 1: "
        "-READONLY You can't write against a read only replica.",
        status_code="ERR",
    ),
    BusyLoadingError("Redis is loading the dataset", status_code="LOADING"),
    ResponseError("Link with MASTER is down", status_code="MASTERDOWN"),
    ResponseError("UNBLOCKED force unblock from blocking operation"),
    ResponseError("The cluster is down", status_code="CLUSTERDOWN"),
    ResponseError("Multiple keys request", status_code="TRYAGAIN"),
    ConnectionError("The previous master is now a slave"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda error: repr(str(error))[:30])
def test_each_refusal_is_repeated_once_on_a_new_client(refusal):
    """Nothing has run, so even what must not run twice is sent to another server."""

    class Client:
        def __init__(self, refuses):
            self.refuses = refuses

        def evalsha(self, *_):
            if self.refuses:
                raise refusal
            return 7

    made = [Client(True), Client(False), Client(True), Client(True)]
    clients = iter(made)

    assert 7 == RedisStore(lambda: next(clients)).run(ADD, ["n"], [1])
    with pytest.raises(ServiceUnavailable):
        RedisStore(lambda: next(clients)).run(ADD, ["n"], [1])


def test_what_redis_has_run_is_not_repeated(relay, own_redis):
    """The answer is lost: the caller is told, and Redis has run it once."""
    store = RedisStore(lambda: connect(relay.url))
    store.run(ADD, ["n"], [1])
    calls = {
        "n": lambda: store.run(ADD, ["n"], [10]),
        "a": lambda: store.add("a", b"1", seconds=60),
        "h": lambda: store.count(
            {("h", "field"): 5}, seconds=lambda key: 60, sized=["h"]
        ),
    }
    for call in calls.values():
        relay.begin(swallow=1)
        with pytest.raises(ServiceUnavailable):
            call()

    with own_redis.client() as client:
        assert b"11" == client.get("n")
        assert {b"field": b"5"} == client.hgetall("h")


def test_what_changes_nothing_is_repeated(relay):
    """A read, a write of one value, and a script of which its caller says so."""
    store = RedisStore(lambda: connect(relay.url))
    store.put("a", b"0", seconds=60)
    relay.begin(swallow=1)
    store.put("a", b"1", seconds=60)
    relay.begin(swallow=1)
    assert b"1" == store.get("a")
    relay.begin(swallow=1)

    read = "return redis.call('GET', KEYS[1])"
    assert b"1" == store.run(read, ["a"], [], repeatable=True)


def test_a_hanging_redis_is_asked_once(relay, own_redis):
    """One caller finds out; then everybody is told at once, and nothing is sent."""
    store = RedisStore(lambda: connect(relay.url), breaker=Breaker(pause=3600))
    store.put("a", b"1", seconds=60)
    own_redis.freeze()
    with pytest.raises(ServiceUnavailable):
        store.get("a")
    connections = relay.connections
    for _ in range(20):
        with pytest.raises(ServiceUnavailable):
            store.put("a", b"2", seconds=60)
        with pytest.raises(ServiceUnavailable):
            store.wait("a", seconds=60)
    own_redis.thaw()

    assert connections == relay.connections
    with own_redis.client() as client:
        assert b"1" == client.get("a")


def test_a_redis_that_hung_is_found_again(own_redis):
    """After the pause one caller asks, and all goes on."""
    store = RedisStore(lambda: connect(own_redis.url), breaker=Breaker(pause=0.05))
    store.put("a", b"1", seconds=60)
    own_redis.freeze()
    with pytest.raises(ServiceUnavailable):
        store.get("a")
    own_redis.thaw()

    eventually(lambda: answer(store) == b"1")


def answer(store):
    try:
        return store.get("a")
    except ServiceUnavailable:
        return None


def test_callers_of_a_hanging_redis_fail_together(own_redis):
    """Threads that ask at the same time do not wait for one another."""
    store = RedisStore(lambda: connect(own_redis.url), breaker=Breaker(pause=3600))
    together = threading.Barrier(16)
    own_redis.freeze()

    def ask(_):
        together.wait(30)
        return answer(store)

    with ThreadPoolExecutor(16) as threads:
        assert [None] * 16 == list(threads.map(ask, range(16)))
    own_redis.thaw()
