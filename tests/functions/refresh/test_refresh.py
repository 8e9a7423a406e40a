"""The refresh function: what it fetches in a round, and what it leaves."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from functions.refresh.index import handler, refresh
from runtime.entry.timer import timer
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.version import version
from tests.support.gateway_environ import make_environ
from tests.support.scripted_wechat import APP_SECRET, SERVICE

STABLE = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
EVENT = b'{"triggerTime":"2027-01-15T08:00:00Z","triggerName":"tick","payload":""}'


@pytest.fixture
def real(wechat):
    wechat.script(STABLE, {"access_token": "75_real", "expires_in": 7200})
    ticket = {"errcode": 0, "errmsg": "ok", "ticket": "K", "expires_in": 7200}
    wechat.script(TICKET, ticket)
    return wechat


def add_apps(gateway, number):
    for each in range(number):
        content = {"kind": "miniprogram", "secret": APP_SECRET}
        gateway.documents.write("apps", f"wx{each:016x}", content, after=0)


def use(gateway):
    """Let every app's token be asked for once, and be due long since."""
    for app in gateway.registry.apps():
        if app.has_access_token:
            make_due_soon(gateway, app)


def make_due_soon(gateway, app):
    name = gateway.calls.real_token_source(app).name
    key = f"gateway:credential:{{{name}}}"
    gateway.redis_store.run("redis.call('HSET', KEYS[1], 'fence', 1)", [key], [])


def test_what_is_in_use_is_fetched_and_then_left_alone(gateway, real):
    """A website app has no access_token, so it is not asked for."""
    add_apps(gateway, 3)
    use(gateway)

    assert refresh(gateway) == {"fetched": 4}
    assert refresh(gateway) == {"fresh": 4}
    assert len(real.calls(STABLE)) == 4


def test_what_nobody_uses_costs_nothing(gateway, real):
    """Neither a token nor a ticket."""
    assert refresh(gateway) == {}
    gateway.calls.ticket(gateway.registry.app(SERVICE), "jsapi")

    assert refresh(gateway) == {"fresh": 2}
    assert len(real.calls(TICKET)) == 1


def test_one_apps_trouble_is_no_others(gateway, wechat):
    """A failing app does not end the round."""
    add_apps(gateway, 2)
    good = {"access_token": "75_real", "expires_in": 7200}

    def answer(exchange):
        refused = json.loads(exchange.body)["appid"] == SERVICE
        return {"errcode": 40125, "errmsg": "invalid appsecret"} if refused else good

    wechat.script(STABLE, answer)
    use(gateway)

    assert refresh(gateway) == {"failed": 1, "fetched": 2}
    assert refresh(gateway) == {"fresh": 2, "paused": 1}


def test_a_round_is_bounded(gateway, real):
    """What is left is fetched by the next one."""
    add_apps(gateway, 4)
    use(gateway)

    first, second = (refresh(gateway, most_fetches=3, at_once=1) for _ in range(2))

    assert (first["fetched"], first["left"]) == (3, 2)
    assert len(real.calls(STABLE)) == 5
    assert second["fetched"] == 2
    gateway.redis_store.run("redis.call('FLUSHALL')", [], [])
    use(gateway)
    assert refresh(gateway, most_seconds=0) == {"left": 5}
    assert refresh(gateway) == {"fetched": 5}


def test_the_handler_answers_and_logs_what_it_did(gateway, real, caplog):
    """A number each; no value, no secret."""
    caplog.set_level(logging.INFO)
    use(gateway)

    told = handler.with_gateway(gateway)(EVENT, SimpleNamespace(request_id="req-1"))

    assert json.loads(told) == {"fetched": 1, "version": version()}
    assert "round over 1 credentials: {'fetched': 1}" in caplog.text
    assert "75_real" not in caplog.text
    assert APP_SECRET not in caplog.text


def test_without_redis_nothing_is_fetched(tmp_path, gateway, wechat):
    """Never without the lease; the timer tries again in a minute."""
    environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
    cut_off = Gateway(settings_from(environ), transport=wechat)
    with pytest.raises(ServiceUnavailable):
        refresh(cut_off)

    told = json.loads(handler.with_gateway(cut_off)(EVENT, None))

    assert told == {"error": "temporarily_unavailable", "version": version()}
    assert wechat.seen == []


def test_a_fault_of_ours_is_logged_and_not_shown(caplog):
    """No stack in the answer."""

    def broken():
        raise RuntimeError("secret detail")

    told = json.loads(timer(refresh, name="refresh", gateway=broken)(EVENT, None))

    assert told == {"error": "internal_error", "version": version()}
    assert "RuntimeError" in caplog.text
