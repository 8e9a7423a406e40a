"""Two deployments on one Redis: who came first stays, until an operator says so."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from runtime.errors import OtherDeployment
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.state import redis_calls
from runtime.state.deployment import KEY, LIFE_SECONDS, Deployment

PRODUCTION = {"public_base_url": "https://gateway.example.com"}
STAGING = {"public_base_url": "https://staging.example.com"}
BUCKET = {"config_url": "s3://documents/production"}


def fingerprint(**settings):
    return Deployment(**{**PRODUCTION, **BUCKET, **settings}).fingerprint


@pytest.fixture
def production(settings):
    return Gateway(replace(settings, **PRODUCTION, **BUCKET))


@pytest.fixture
def staging(settings):
    return Gateway(replace(settings, **STAGING, **BUCKET))


@pytest.fixture
def stored(redis_server):
    with redis_server.client() as client:
        yield lambda: client.hgetall(KEY)


@pytest.mark.parametrize(
    ("settings", "agrees"),
    [
        (STAGING, False),
        ({"config_url": "s3://documents/staging"}, False),
        ({"config_url": "s3://documents/production/"}, True),
        ({"public_base_url": "https://gateway.example.com/"}, True),
        ({"public_base_url": "https://Gateway.Example.com"}, True),
    ],
)
def test_what_a_deployment_is(settings, agrees):
    """Its URL and its bucket, however they are written."""
    assert agrees == (fingerprint() == fingerprint(**settings))


def test_machines_that_mount_one_folder_elsewhere_agree():
    """A container's path is none of the host's."""
    paths = ("file:/documents", "file:config", "file:/srv/gateway/config")

    assert 1 == len({fingerprint(config_url=each) for each in paths})


def test_rotated_keys_and_another_redis_password_change_nothing(settings, stored):
    """No secret is in the fingerprint, so none can be found from it."""
    rotated = replace(
        settings,
        master_keys={2: b"n" * 32},
        cookie_secrets={2: b"d" * 32},
        token_secrets={2: b"u" * 32},
    )
    for each in (settings, rotated):
        Gateway(each).redis_store.put("a", b"1", seconds=1)

    assert b"https://gateway.example.com" == stored()[b"public_base_url"]


def test_the_second_deployment_gets_nothing(production, staging, stored, caplog):
    """Neither what is stored, nor a place for its own; the log says what to do."""
    production.redis_store.put("a", b"1", seconds=60)
    for use in (
        lambda store: store.get("a"),
        lambda store: store.put("a", b"2", seconds=60),
        lambda store: store.run("return redis.call('DEL', KEYS[1])", ["a"], []),
    ):
        with pytest.raises(OtherDeployment) as caught:
            use(staging.redis_store)

    assert b"1" == production.redis_store.get("a")
    assert (503, "temporarily_unavailable", 2) == (
        caught.value.status,
        caught.value.code,
        caught.value.retry_after,
    )
    assert b"https://gateway.example.com" == stored()[b"public_base_url"]
    assert ["redis: " + caught.value.explanation] == caplog.messages
    for said in (*PRODUCTION.values(), *STAGING.values(), "manage.py redis claim"):
        assert said in caught.value.explanation


def test_a_stranger_learns_nothing(production, staging):
    """Only the log and the command line tell whose Redis it is."""
    production.redis_store.put("a", b"1", seconds=60)
    with pytest.raises(OtherDeployment) as caught:
        staging.redis_store.get("a")

    assert "example.com" not in str(caught.value) + caught.value.message


def test_an_operator_takes_it_over(production, staging, caplog, monkeypatch):
    """At once, for the process that is asked; the others follow without a restart."""
    production.redis_store.put("a", b"1", seconds=60)
    another = Gateway(staging.settings)
    for each in (staging, another):
        with pytest.raises(OtherDeployment):
            each.redis_store.get("a")
    claimed = perform(operation("redis", "claim").run, staging, {})

    assert {
        "public_base_url": "https://staging.example.com",
        "before": "https://gateway.example.com",
    } == claimed
    with pytest.raises(OtherDeployment):
        another.redis_store.get("a")  # it asks again after a while
    monkeypatch.setattr(redis_calls.time, "monotonic", lambda: float("inf"))
    assert b"1" == another.redis_store.get("a")


def test_other_verbs_say_whose_it_is(production, staging):
    """The operator reads it where the command was typed."""
    production.redis_store.put("a", b"1", seconds=60)
    with pytest.raises(Exception, match="Redis") as caught:
        perform(operation("person", "sign-out").run, staging, {"sub": "o1"})

    assert "manage.py redis claim" in caught.value.message


def test_the_mark_lives_longer_than_all_else(production, redis_server):
    """A process that starts makes it live again as long."""
    production.redis_store.check_deployment()
    with redis_server.client() as client:
        assert LIFE_SECONDS - 5 < client.ttl(KEY) <= LIFE_SECONDS
        client.expire(KEY, int(LIFE_SECONDS / 2) - 9)
        production.redis_store.check_deployment()
        assert LIFE_SECONDS - 5 < client.ttl(KEY) <= LIFE_SECONDS


def test_fields_of_a_later_version_stay(production, redis_server):
    """What it stores besides is neither read nor lost."""
    production.redis_store.check_deployment()
    with redis_server.client() as client:
        client.hset(KEY, "later", "1")
        production.redis_store.check_deployment()
        assert b"1" == client.hget(KEY, "later")


def test_a_process_asks_once(production, redis_server):
    """The check is no round trip of each command."""
    production.redis_store.get("a")
    with redis_server.client() as client:
        before = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})
        for _ in range(10):
            production.redis_store.get("a")
        after = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})

    assert before["calls"] == after["calls"]


def test_a_redis_that_is_full_is_still_read(settings, own_redis):
    """The mark is only written where there is none."""
    own = replace(settings, redis_url=own_redis.url)
    Gateway(own).redis_store.put("a", b"1", seconds=60)
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)

    assert b"1" == Gateway(own).redis_store.get("a")


def test_databases_of_one_server_are_two(settings):
    """Each has its own mark."""
    for number, each in enumerate((PRODUCTION, STAGING), start=1):
        url = settings.redis_url.replace("/0", f"/{number}")
        own = replace(settings, redis_url=url, **each)
        Gateway(own).redis_store.put("a", b"1", seconds=1)


@pytest.fixture(autouse=True)
def _errors_only(caplog):
    caplog.set_level(logging.ERROR)
