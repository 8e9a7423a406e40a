"""The store on a real Redis: reachable, away, restarted, emptied of scripts."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.errors import ServiceUnavailable
from runtime.state.redis_clients import ANSWER_SECONDS, connect
from runtime.state.redis_store import LONGEST_BLOCK, Entry, Increment, RedisStore

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])"


@pytest.fixture
def store(redis_server):
    return RedisStore(lambda: connect(redis_server.url))


@pytest.fixture(params=["block", "poll"])
def waiting_store(request, redis_server):
    """A store that waits by a blocking command, or by polling."""
    return RedisStore(
        lambda: connect(redis_server.url), blocking=request.param == "block"
    )


def test_put_get_remove(store, redis_server):
    """A value is stored for its time, byte for byte."""
    assert store.get("a") is None
    store.put("a", b"\x00\xff", seconds=60.5)

    assert b"\x00\xff" == store.get("a")
    assert 60_000 < redis_server.client().pttl("a") <= 60_500
    store.remove("a")
    store.remove("a")
    assert store.get("a") is None


def test_counts_that_ride_along(store, redis_server):
    """They are added in the same round trip; what Redis refuses of them is no error."""
    counts = [Increment("counts", "a", 2, 60.0), Increment("text", "a", 1, 60.0)]
    store.put("text", b"no hash", seconds=60)
    for _ in range(2):
        store.put_all([Entry("e", b"1", 60.0)], increments=counts)

    assert store.fields("counts") == {b"a": b"4"}
    assert 0 < redis_server.client().pttl("counts") <= 60_000
    assert store.get("e") == b"1"
    assert store.get("text") == b"no hash"


def test_an_entry_that_is_refused_beside_counts(store, redis_server):
    """The counts do not hide it."""
    refuse = redis_server.client().config_set
    refuse("maxmemory", "1")
    try:
        with pytest.raises(ServiceUnavailable):
            store.put_all(
                [Entry("e", b"1", 60.0)], increments=[Increment("c", "a", 1, 60.0)]
            )
    finally:
        refuse("maxmemory", "0")


def test_add_once(store, redis_server):
    """Of many callers that add one key, one succeeds, and its value stays."""
    with ThreadPoolExecutor(16) as threads:
        added = list(
            threads.map(
                lambda i: store.add("a", str(i).encode(), seconds=60), range(32)
            )
        )

    assert 1 == added.count(True)
    assert str(added.index(True)).encode() == store.get("a")
    assert 0 < redis_server.client().pttl("a") <= 60_000


def test_a_script_runs(store):
    """A script gets its keys and arguments and gives its result."""
    assert 5 == store.run(ADD, ["n"], [5])
    assert 8 == store.run(ADD, ["n"], [3])


def test_a_forgotten_script_is_loaded_again(store, redis_server):
    """After SCRIPT FLUSH the script is loaded again, and runs once."""
    store.run(ADD, ["n"], [1])
    redis_server.client().script_flush()

    assert 2 == store.run(ADD, ["n"], [1])


def test_a_connection_that_died_is_replaced(store, redis_server):
    """FC freezes us and connections die meanwhile: the next command does not fail."""
    store.put("a", b"1", seconds=60)
    redis_server.client().client_kill_filter(_type="normal", skipme=True)

    assert b"1" == store.get("a")


def test_waiters_are_all_woken(waiting_store, redis_server):
    """One announcement wakes all waiters, and those of a little later."""
    store = waiting_store
    waiting = threading.Barrier(21)

    def wait(_):
        waiting.wait(10)
        return store.wait("news", seconds=4)

    with ThreadPoolExecutor(20) as threads:
        told = threads.map(wait, range(20))
        waiting.wait(10)
        threading.Event().wait(0.1)
        began = time.monotonic()
        redis_server.client().rpush("news", b"done")
        assert [b"done"] * 20 == list(told)

    assert time.monotonic() - began < 2
    assert b"done" == store.wait("news", seconds=4)


@pytest.mark.parametrize("seconds", [0.05, 0, -5])
def test_waiting_in_vain_ends(waiting_store, seconds):
    """Without an announcement the wait ends by itself, and at once after no time."""
    began = time.monotonic()

    assert waiting_store.wait("news", seconds=seconds) is None
    assert time.monotonic() - began < 1


def test_no_block_outlasts_the_timeout():
    """However long a caller would wait, Redis is asked for less than the socket's own
    timeout at once, so that a wait is never taken for a failure."""
    asked = []

    class Client:
        def blmove(self, first, second, timeout, **_):
            asked.append(timeout)
            return b"news" if len(asked) == 5 else None

    assert RedisStore(Client).wait("news", seconds=3600) == b"news"

    assert [LONGEST_BLOCK] * 5 == asked
    assert LONGEST_BLOCK < ANSWER_SECONDS


def test_nothing_connects_before_it_must():
    """A new store does not connect, and makes its client once."""
    made = []

    class Client:
        def __init__(self):
            made.append(1)

        def get(self, key):
            return b"1"

    store = RedisStore(Client)
    assert [] == made
    with ThreadPoolExecutor(8) as threads:
        assert [b"1"] * 8 == list(threads.map(store.get, "abcdefgh"))
    assert [1] == made
