"""Session keys on a real Redis: sealed, the newest only, by the client's openid."""

from __future__ import annotations

import logging

import pytest

from runtime.crypto.envelope import Envelope
from runtime.registry.models import Client
from runtime.registry.subjects import openid_for
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.wechat.session_keys import SessionKeys

APPID = "wx" + "d" * 16
OTHER_APPID = "wx" + "e" * 16
OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
MONTH = 30 * 86400
OLD, NEW = "tiihtNczf5v6AKRyjwEUhQ==", "HyVFkGl5F5OQWJZZaNzBBg=="
PUBLIC = Client("orders", "Orders", {}, ())
PAIRWISE = Client(
    "shop", "Shop", {}, (), subject_type="pairwise", pairwise_salt="0f" * 16
)
OTHER_PAIRWISE = Client(
    "maps", "Maps", {}, (), subject_type="pairwise", pairwise_salt="1f" * 16
)


def make_keys(redis_server, *, master=b"m"):
    store = RedisStore(lambda: connect(redis_server.url))
    return SessionKeys(store, Envelope({1: master * 32}))


@pytest.fixture
def keys(redis_server):
    return make_keys(redis_server)


def stored(redis_server):
    """Return everything in Redis, by key, and how long it lives."""
    client = redis_server.client()
    found = {key: (client.get(key), client.ttl(key)) for key in client.keys("*")}
    client.close()
    return found


def test_the_newest_wins(keys):
    """As at WeChat, where a wx.login makes older ciphertext unreadable."""
    keys.save(PUBLIC, APPID, OPENID, OLD)
    keys.save(PUBLIC, APPID, OPENID, NEW)

    assert NEW == keys.find(PUBLIC, APPID, OPENID)


def test_each_user_and_each_mini_program_has_its_own(keys):
    """Nothing is found under another openid."""
    keys.save(PUBLIC, APPID, OPENID, OLD)

    assert keys.find(PUBLIC, OTHER_APPID, OPENID) is None
    assert keys.find(PUBLIC, APPID, OPENID.lower()) is None
    assert keys.find(PUBLIC, APPID, "") is None
    assert keys.find(PUBLIC, APPID, "\ud800") is None


@pytest.mark.case(121, 122)
def test_redis_holds_it_sealed_for_thirty_days(keys, redis_server, caplog):
    """Neither key nor value nor log shows the session_key or the openid."""
    caplog.set_level(logging.DEBUG)
    keys.save(PAIRWISE, APPID, OPENID, OLD)
    found = stored(redis_server)

    assert 2 == len(found)
    told = repr(found) + caplog.text
    assert not any(word in told for word in (OPENID, OLD, OLD[:8]))
    for _, seconds in found.values():
        assert MONTH - 60 < seconds <= MONTH


def test_a_value_is_bound_to_its_key(keys, redis_server):
    """Somebody who can write to Redis cannot give one user's key to another."""
    keys.save(PUBLIC, APPID, OPENID, OLD)
    (key,) = stored(redis_server)
    keys.save(PUBLIC, APPID, "o-another", NEW)
    (other,) = stored(redis_server).keys() - {key}
    client = redis_server.client()
    client.set(other, client.get(key))
    client.close()

    assert keys.find(PUBLIC, APPID, "o-another") is None


def test_without_its_master_key_it_is_as_good_as_gone(keys, redis_server):
    """The next sign-in brings another; nothing fails before."""
    keys.save(PUBLIC, APPID, OPENID, OLD)

    assert make_keys(redis_server, master=b"n").find(PUBLIC, APPID, OPENID) is None


@pytest.mark.case(134)
def test_a_pairwise_client_finds_it_by_its_own_name_alone(keys):
    """Neither by WeChat's openid, nor by another client's."""
    keys.save(PAIRWISE, APPID, OPENID, OLD)
    name = openid_for(PAIRWISE, OPENID)

    assert OLD == keys.find(PAIRWISE, APPID, name)
    assert OLD == keys.find(PUBLIC, APPID, OPENID)
    assert keys.find(PAIRWISE, APPID, OPENID) is None
    assert keys.find(OTHER_PAIRWISE, APPID, name) is None
    assert keys.find(PUBLIC, APPID, name) is None


def test_a_pairwise_client_gets_the_newest_of_all_clients(keys):
    """A sign-in at another client has replaced the key at WeChat, too."""
    keys.save(PAIRWISE, APPID, OPENID, OLD)
    keys.save(PUBLIC, APPID, OPENID, NEW)

    assert NEW == keys.find(PAIRWISE, APPID, openid_for(PAIRWISE, OPENID))
