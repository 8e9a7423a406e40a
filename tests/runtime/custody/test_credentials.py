"""Sources of an app's credentials: requests to WeChat, and its answers."""

from __future__ import annotations

import json

import pytest

from runtime.custody.protocol import CredentialValue
from runtime.errors import WeChatRefused, WeChatUnavailable
from runtime.registry.models import App
from runtime.upstream.answer import Answer
from runtime.wechat.api import WeChat
from runtime.wechat.credentials import RealTokenSource, TicketSource

APP = App("wx" + "a" * 16, "service", "f" * 32, revision=3)
PLAIN = App("wx" + "a" * 16, "service", "f" * 32, token_mode="plain")


def wechat(answer, seen=None):
    """Return a WeChat whose network is this function."""

    def transport(method, url, *, headers, body, seconds):
        if seen is not None:
            seen.append((method, url, body and json.loads(body)))
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Answer(200, (), body)

    return WeChat("https://api.weixin.qq.com", transport, seconds=5)


@pytest.mark.parametrize("force", [False, True])
def test_stable_mode_posts_json(force):
    """The secret is sent in the body, not in a URL."""
    seen = []
    source = RealTokenSource(
        APP, wechat({"access_token": "T", "expires_in": 7200}, seen)
    )

    assert source.fetch(force=force) == CredentialValue("T", 7200.0)
    assert seen == [
        (
            "POST",
            "https://api.weixin.qq.com/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": APP.appid,
                "secret": APP.secret,
                "force_refresh": force,
            },
        )
    ]


def test_plain_mode_uses_cgi_bin_token():
    """By configuration of the app; there a fetch retires the token before."""
    seen = []
    source = RealTokenSource(
        PLAIN, wechat({"access_token": "T", "expires_in": 7200}, seen)
    )
    source.fetch(force=False)

    assert seen[0][0] == "GET"
    assert "/cgi-bin/token?grant_type=client_credential&appid=wxaaaa" in seen[0][1]
    assert (source.retires, RealTokenSource(APP, source.wechat).retires) == (
        True,
        False,
    )


def test_a_name_holds_no_secret():
    """It becomes a Redis key and a line in the log."""
    source = RealTokenSource(APP, wechat({}))

    assert (source.name, source.revision) == (f"access_token:{APP.appid}", "3")
    assert APP.secret not in repr(source)


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [(7200, 7200.0), ("7200", 7200.0), (59, 59.0)]
)
def test_a_life_may_come_as_text(expires_in, seconds):
    """Old endpoints send numbers as strings."""
    answer = {"access_token": "T", "expires_in": expires_in}

    assert RealTokenSource(APP, wechat(answer)).fetch(force=False).seconds == seconds


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "T"},
        {"access_token": "T", "expires_in": 0},
        {"access_token": "T", "expires_in": -1},
        {"access_token": "T", "expires_in": "soon"},
        {"access_token": "T", "expires_in": None},
        {"access_token": "T", "expires_in": "nan"},
        {"access_token": "T", "expires_in": 1e9},
        {"access_token": "", "expires_in": 7200},
        {"access_token": 5, "expires_in": 7200},
        {"expires_in": 7200},
        {},
        b"<html>",
        b"",
        b"[]",
    ],
)
def test_an_answer_without_a_value_or_a_life_is_no_answer(answer):
    """A value that nobody could use, or of unknown lifetime, is not stored."""
    with pytest.raises(WeChatUnavailable):
        RealTokenSource(APP, wechat(answer)).fetch(force=False)


def test_a_refusal_carries_wechats_code():
    """Its own words, without the rid, by which WeChat would show the whole request."""
    refusal = {"errcode": 40125, "errmsg": "invalid appsecret rid: 1-2-3"}
    with pytest.raises(WeChatRefused) as caught:
        RealTokenSource(APP, wechat(refusal)).fetch(force=False)

    assert (caught.value.errcode, caught.value.errmsg) == (40125, "invalid appsecret")
    assert APP.secret not in str(caught.value)


def test_a_ticket_is_fetched_with_the_apps_token():
    """Through the call that puts the access_token in."""
    asked = []

    def get_json(app, target):
        asked.append((app.appid, target))
        return {"errcode": 0, "errmsg": "ok", "ticket": "K", "expires_in": 7200}

    source = TicketSource(APP, "wx_card", get_json)

    assert source.fetch(force=False) == CredentialValue("K", 7200.0)
    assert asked == [(APP.appid, "/cgi-bin/ticket/getticket?type=wx_card")]
    assert source.name == f"wx_card_ticket:{APP.appid}"
