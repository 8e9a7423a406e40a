"""Round over refused addresses: the alarm ends when WeCom takes a call again."""

from __future__ import annotations

import pytest

from functions.refresh import address_round
from functions.refresh.address_round import MOST, try_refused
from tests.support.wecom_pushes import APP, wecom_app

PATH = "/cgi-bin/get_api_domain_ip"
OK = {"errcode": 0, "errmsg": "ok"}
REFUSED = {
    "errcode": 60020,
    "errmsg": "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, m",
}


@pytest.fixture
def minute(gateway, monkeypatch):
    """Let it be this minute by Redis' clock."""

    def run(number):
        monkeypatch.setattr(gateway.redis_store, "time", lambda: number * 60.0)

    run(0)
    return run


@pytest.fixture(autouse=True)
def _app(gateway, wechat, minute):
    gateway.documents.write("apps", APP, wecom_app(), after=0)
    token = {**OK, "access_token": "a-real-token", "expires_in": 7200}
    wechat.script("/cgi-bin/gettoken", token)
    gateway.refused_addresses.note(APP, "203.0.113.7")


def test_the_address_is_taken_again(gateway, wechat):
    wechat.script(PATH, OK, {"errcode": 41001, "errmsg": "missing"})
    assert 1 == try_refused(gateway)
    assert {} == gateway.refused_addresses.all()
    assert 0 == try_refused(gateway)


def test_it_is_refused_still(gateway, wechat):
    wechat.script(PATH, REFUSED)
    assert 0 == try_refused(gateway)
    assert {APP: "203.0.113.7"} == gateway.refused_addresses.all()


def test_only_every_fifth_minute(gateway, wechat, minute):
    for number in (1, 2, 3, 4):
        minute(number)
        assert 0 == try_refused(gateway)
    assert [] == wechat.calls(PATH)


def test_an_app_that_is_gone(gateway, wechat):
    gateway.documents.remove("apps", APP, after=1)
    assert 0 == try_refused(gateway)
    assert {} == gateway.refused_addresses.all()


def test_all_have_their_turn(gateway, minute, monkeypatch):
    appids = [f"ww{number:016x}-1" for number in range(3 * MOST // 2)]
    for appid in appids:
        gateway.refused_addresses.note(appid, "203.0.113.7")
    tried = []
    monkeypatch.setattr(
        address_round, "_is_taken", lambda gateway, appid: tried.append(appid) or False
    )
    for number in range(0, 100, 5):
        minute(number)
        before = len(tried)
        try_refused(gateway)
        assert len(tried) - before == MOST
    assert {APP, *appids} == set(tried)
