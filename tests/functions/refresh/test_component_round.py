"""The round over components: what nobody has finished, and tickets that do not come."""

from __future__ import annotations

import json
import logging

import pytest

from functions.refresh.index import tick
from runtime.errors import ServiceUnavailable, WeChatRefused, WeChatUnreachable
from runtime.wechat.authorizations import AuthorizationCode
from tests.support.component_pushes import ACCOUNT, AES_KEY, COMPONENT, SECRET, TOKEN
from tests.support.open_platform import Platform

API = "/cgi-bin/component/"
START = f"{API}api_start_push_ticket"
OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def component(gateway):
    content = {
        "kind": "component",
        "secret": SECRET,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
    }
    gateway.documents.write("apps", COMPONENT, content, after=0)
    return gateway.registry.own_app(COMPONENT)


@pytest.fixture
def aged(gateway, component, redis_server):
    """Let the newest ticket be of so many seconds ago."""

    def run(seconds):
        gateway.verify_tickets.put(COMPONENT, "ticket@@@1", created=1)
        key = f"gateway:verify_ticket:{{{COMPONENT}}}"
        with redis_server.client() as redis:
            redis.hincrby(key, "received", -1000 * seconds)

    return run


def test_tickets_that_come_are_not_asked_for(gateway, wechat, aged):
    """Within half an hour three of them were due."""
    aged(1790)
    assert tick(gateway) == {}
    assert not wechat.calls(START)


def test_tickets_that_no_longer_come_are_asked_for(gateway, wechat, aged, caplog):
    """Once in ten minutes, with the component's secret and without a token."""
    wechat.script(START, OK)
    aged(1900)
    assert tick(gateway) == {"ticket_pushes_asked": 1}
    assert tick(gateway) == {}

    (call,) = wechat.calls(START)
    asked = {"component_appid": COMPONENT, "component_secret": SECRET}
    assert (asked, "") == (json.loads(call.body), call.query)
    assert "asked for pushes, which had stopped" in caplog.text
    assert SECRET not in caplog.text


def test_wechat_that_says_it_pushes(gateway, wechat, aged, caplog):
    """Then something else refuses them, and the log says so."""
    wechat.script(START, {"errcode": 0, "errmsg": "in a normal state"})
    aged(1900)
    tick(gateway)
    assert "asked for pushes, which WeChat says it sends" in caplog.text


def test_a_new_component_is_asked_for(gateway, wechat, component):
    """None has ever come."""
    wechat.script(START, OK)
    assert tick(gateway) == {"ticket_pushes_asked": 1}


def test_a_component_that_takes_no_events_is_left_alone(gateway, component):
    """It has no token: WeChat could not push."""
    document = gateway.documents.read("apps", COMPONENT)
    content = {"kind": "component", "secret": SECRET}
    gateway.documents.write("apps", COMPONENT, content, after=document.version)
    assert tick(gateway) == {}


def test_a_refusal_stops_nothing_else(gateway, wechat, aged, caplog):
    """Such as an IP address that is not in the component's list."""
    wechat.script(START, {"errcode": 61004, "errmsg": "requestIP: 192.0.2.1"})
    aged(1900)
    assert tick(gateway) == {}
    assert f"{COMPONENT}: round not finished, wechat_refused" in caplog.text


def test_what_nobody_has_finished_is_taken_on(
    gateway, wechat, component, aged, redis_server
):
    """The event came once, while WeChat was away, and never again."""
    aged(0)
    platform = Platform()
    platform.authorize(ACCOUNT, "code-1")
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)
    wechat.script(f"{API}api_query_auth", WeChatUnreachable())
    came = AuthorizationCode("code-1", 1, ACCOUNT)
    with pytest.raises(WeChatUnreachable):
        gateway.authorizations.take(component, came, way="event")
    assert tick(gateway).get("authorizations_done") is None  # not due yet
    _let_be_due(redis_server)
    for name in ("api_query_auth", "api_get_authorizer_info"):
        wechat.rescript(f"{API}{name}", _answer(platform, name, component))

    done = tick(gateway)
    assert done["authorizations_done"] == 1
    assert gateway.registry.authorizer(COMPONENT, ACCOUNT).stands


def test_what_cannot_be_finished_waits(gateway, wechat, component, aged, redis_server):
    """A minute later the next round tries again, then after longer pauses."""
    aged(0)
    token = {"component_access_token": "C1", "expires_in": 7200}
    wechat.script(f"{API}api_component_token", token)
    wechat.script(f"{API}api_query_auth", {"errcode": 45009, "errmsg": "quota"})
    came = AuthorizationCode("code-1", 1, ACCOUNT)
    with pytest.raises(WeChatRefused):
        gateway.authorizations.take(component, came, way="event")
    _let_be_due(redis_server)
    assert tick(gateway)["authorizations_left"] == 1
    assert "authorizations_left" not in tick(gateway)


def test_without_the_documents_the_other_round_goes_on(gateway, monkeypatch):
    """It has an index in Redis."""

    def away(*_, **__):
        raise ServiceUnavailable

    monkeypatch.setattr(gateway.registry, "components", away)
    assert tick(gateway) == {}


def _answer(platform, name, component):
    return lambda exchange: platform.ask(component, name, exchange.content)


def _let_be_due(redis_server):
    with redis_server.client() as redis:
        key = f"gateway:authorization:{{{COMPONENT}}}"
        for id_ in redis.zrange(key, 0, -1):
            redis.zadd(key, {id_: 0})
            redis.hdel(f"{key}:record:{id_.decode()}", "holder", "until")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.INFO)
