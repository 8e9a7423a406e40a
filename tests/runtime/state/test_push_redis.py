"""A Redis of its own for pushes: what is there, whose it is, and what its end costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.errors import OtherDeployment, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.settings import settings_from
from runtime.state.deployment import KEY
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.pushes import text

OTHER = "https://staging.example.com"


@pytest.fixture
def with_own(tmp_path, redis_server, own_redis):
    """A gateway whose pushes have a Redis of their own."""
    more = {"PUSH_REDIS_URL": own_redis.url}
    return Gateway(settings_from(make_environ(tmp_path, redis_server.url, **more)))


def taken_over(gateway):
    """Return the same Redis servers in the hands of another deployment."""
    other = Gateway(replace(gateway.settings, public_base_url=OTHER))
    other.push_store.take_over()
    return other


def keys(server):
    with server.client() as client:
        return {each.decode() for each in client.scan_iter()}


def test_without_the_setting_it_is_the_same(settings):
    gateway = Gateway(settings)
    assert gateway.push_store is gateway.redis_store
    assert "push_redis" not in gateway.health.find()


def test_pushes_are_there_and_nothing_else(with_own, redis_server, own_redis):
    with own_redis.client() as client:
        now = client.time()[0]
    message = read_message(text("hello").encode())
    assert with_own.inbox.store("wx" + "1" * 16, Received(message, "n", now, "s", b"k"))
    with_own.redis_store.put("gateway:a", b"1", seconds=60)

    others = {KEY, "gateway:a"}
    assert others == keys(redis_server)
    found = keys(own_redis) - {KEY}
    assert found
    assert all(each.startswith("gateway:push:") for each in found)


def test_it_is_looked_at(with_own, own_redis, caplog):
    """And named in the log, without its address."""
    assert {"redis": "ok", "push_redis": "ok", "config": "ok"} == with_own.health.find()
    own_redis.stop()
    again = Gateway(with_own.settings)
    found = again.health.find()

    assert {"redis": "ok", "push_redis": "away", "config": "ok"} == found
    assert "push_redis: ConnectionError" in caplog.messages
    assert str(own_redis.port) not in caplog.text


def test_it_belongs_to_one_deployment(with_own, caplog):
    """The explanation names the setting that has to change."""
    taken_over(with_own)
    with pytest.raises(OtherDeployment) as caught:
        with_own.push_store.get("a")

    assert "Give PUSH_REDIS_URL a server" in caught.value.explanation
    assert OTHER in caught.value.explanation
    assert "other_deployment" == with_own.health.find()["push_redis"]
    assert with_own.redis_store.get("a") is None


def test_claim_takes_over_both(with_own):
    taken_over(with_own)
    claimed = perform(operation("redis", "claim").run, with_own, {})

    assert (OTHER, "") == (claimed["push_redis_before"], claimed["before"])
    assert with_own.push_store.get("a") is None


def test_while_it_is_away_tokens_go_on(tmp_path, redis_server):
    """Only what is about pushes fails."""
    more = {"PUSH_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    gateway = Gateway(settings_from(make_environ(tmp_path, redis_server.url, **more)))
    gateway.redis_store.put("gateway:a", b"1", seconds=60)

    assert b"1" == gateway.redis_store.get("gateway:a")
    with pytest.raises(ServiceUnavailable):
        gateway.inbox.sweep()
