"""The quota of a path: WeChat's numbers beside the gateway's own."""

from __future__ import annotations

import json

import pytest

from tests.support.scripted_wechat import SERVICE, basic

STABLE = "/cgi-bin/stable_token"
REAL = "75_real-token"
OK = {"errcode": 0, "errmsg": "ok"}
QUOTA = "/cgi-bin/openapi/quota/get"
NUMBERS = {
    "quota": {"daily_limit": 10, "used": 3, "remain": 7},
    "rate_limit": {"call_count": 0, "refresh_second": 0},
}


@pytest.fixture
def real(wechat):
    """WeChat hands out its token."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    return wechat


def test_wechats_numbers_and_ours(call, gateway, real):
    """The app's at WeChat, and this client's successes at the gateway."""
    real.script(QUOTA, {**OK, **NUMBERS})
    for client, errcode in (("demo", 0), ("demo", 0), ("demo", 45009), ("shop", 0)):
        gateway.counters.add(client, SERVICE, "/cgi-bin/user/get", errcode=errcode)
        gateway.clock.now += 2
    status, _, content = call(
        "/quota", query="path=/cgi-bin/user/get", authorization=basic()
    )

    assert 200 == status
    assert {
        "path": "/cgi-bin/user/get",
        **NUMBERS,
        "gateway": {"client": "demo", "succeeded_today": 2},
    } == content
    assert {"cgi_path": "/cgi-bin/user/get"} == json.loads(real.seen[-1].body)


@pytest.mark.parametrize("query", [None, "path=", "path=/wxa/x", "path=token:x"])
def test_only_of_paths_in_scope(call, wechat, query):
    """Who may not call a path does not learn how much it is called."""
    status, _, content = call("/quota", query=query, authorization=basic())

    assert (403, "path_not_in_scope") == (status, content["error"])
    assert [] == wechat.seen


def test_a_path_wechat_does_not_know(call, real):
    """Its code and words reach the caller."""
    real.script(QUOTA, {"errcode": 76003, "errmsg": "cgi_path not found rid: 1"})
    status, _, content = call(
        "/quota", query="path=/cgi-bin/nothing", authorization=basic()
    )

    assert (502, "wechat_refused") == (status, content["error"])
    assert "76003" in content["message"]
