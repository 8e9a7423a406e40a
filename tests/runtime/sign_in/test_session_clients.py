"""Clients of sessions: noted by user, found by session, forgotten when told."""

from __future__ import annotations

import pytest

from runtime.errors import ServiceUnavailable
from runtime.sign_in.session_clients import (
    MOST,
    SessionClients,
    Use,
    sid_for,
)
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.relay import Relay

SUB = "o-1"


def make(url, *, seconds=3600.0):
    return SessionClients(RedisStore(lambda: connect(url)), seconds=seconds)


@pytest.fixture
def clients(redis_server):
    return make(redis_server.url)


def use(client_id, session="s-1"):
    return Use(client_id, sid_for(client_id, session))


def test_by_session_and_by_user(clients):
    """A session has its own clients; the user has those of all sessions."""
    for each in (use("demo"), use("shop"), use("demo", "s-2")):
        clients.note(SUB, each)
    clients.note("o-2", use("demo", "s-3"))

    assert {use("demo"), use("shop")} == set(clients.of_user(SUB, session="s-1"))
    assert [use("demo", "s-2")] == clients.of_user(SUB, session="s-2")
    assert 3 == len(clients.of_user(SUB))
    assert [] == clients.of_user("o-3")


def test_noted_twice_is_once(clients):
    """The same session at the same client."""
    for _ in range(2):
        clients.note(SUB, use("demo"))

    assert [use("demo")] == clients.of_user(SUB)


def test_what_is_forgotten(clients):
    """Nothing but what is named."""
    clients.note(SUB, use("demo"))
    clients.note(SUB, use("shop"))
    clients.forget(SUB, [use("demo"), use("never")])
    clients.forget(SUB, [])

    assert [use("shop")] == clients.of_user(SUB)
    assert (False, True) == tuple(
        clients.holds(SUB, use(each)) for each in ("demo", "shop")
    )


def test_a_name_for_each_client():
    """It tells neither the session's own id nor what another client calls it."""
    one, other = sid_for("demo", "s-1"), sid_for("shop", "s-1")

    assert one != other
    assert sid_for("demo", "s-1") == one != sid_for("demo", "s-2")
    assert {22} == {len(one), len(other)}


def test_the_oldest_ends_first(clients, redis_server):
    """A user has so many, and each ends with what it is about."""
    for number in range(MOST + 3):
        clients.note(SUB, use("demo", f"s-{number}"))
    with redis_server.client() as redis:
        (key,) = redis.scan_iter("gateway:signed_in:*")

        assert MOST == redis.zcard(key)
        assert SUB.encode() not in key
        assert 3590 < redis.ttl(key) <= 3600


def test_one_that_is_over(redis_server, clients):
    """It is not told any more, and the next one that is noted removes it."""
    make(redis_server.url, seconds=-5).note(SUB, use("demo"))
    assert [] == clients.of_user(SUB)
    clients.note(SUB, use("shop"))
    with redis_server.client() as redis:
        (key,) = redis.scan_iter("gateway:signed_in:*")
        redis.zadd(key, {"demo old": 1})
        assert [use("shop")] == clients.of_user(SUB)
        clients.note(SUB, use("shop"))

        assert 1 == redis.zcard(key)


def test_an_answer_that_is_lost(redis_server):
    """The connection breaks after Redis has done it: it is done once."""
    with Relay(redis_server.port) as proxy:
        through = make(proxy.url)
        through.note(SUB, use("demo"))
        proxy.begin(swallow=1)
        through.note(SUB, use("shop"))
        assert proxy.swallowed

    assert 2 == len(make(redis_server.url).of_user(SUB))


def test_without_redis_it_is_an_error():
    """No client is left out in silence."""
    with pytest.raises(ServiceUnavailable):
        make("redis://127.0.0.1:1/0").note(SUB, use("demo"))
