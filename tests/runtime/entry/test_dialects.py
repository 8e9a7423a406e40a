"""Dialects: an error as WeChat says it, as JSON for programs, as a page for users."""

from __future__ import annotations

import json
import re
import time
from functools import partial

import pytest

from runtime.entry.dialects import PageLinks, web_dialect, wechat_dialect
from runtime.errors import (
    ApiRefused,
    BadRequest,
    FlowExpired,
    GatewayError,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    PayloadTooLarge,
    ServiceUnavailable,
    SnapshotUser,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.tokens.gateway_tokens import ExpiredToken, InvalidToken
from runtime.web.messages import Request

RID = re.compile(r" rid: ([0-9a-f]{8})-[0-9a-f]{8}-[0-9a-f]{8}")
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def make_request(accept=None):
    headers = () if accept is None else (("accept", accept),)
    return Request("GET", "/", headers=headers, request_id="req-1")


def say(dialect, error, *, accept=None):
    return dialect(make_request(accept), error, https=True)


@pytest.mark.parametrize(
    ("error", "status", "errcode", "errmsg"),
    [
        (InvalidToken(), 200, 40001, "invalid credential, access_token is invalid"),
        (ExpiredToken(), 200, 42001, "access_token expired"),
        (BadRequest(), 200, 47001, "data format error"),
        (NotFound(), 200, 40066, "invalid url"),
        (MethodNotAllowed("GET"), 200, 43001, "require GET method"),
        (MethodNotAllowed("POST"), 200, 43002, "require POST method"),
        (PayloadTooLarge(), 200, 45001, "media size out of limit"),
        (ApiRefused(40013, "unknown_appid"), 200, 40013, "invalid appid"),
        (ApiRefused(40125, "invalid_client_secret"), 200, 40125, "invalid appsecret"),
        (ApiRefused(48001, "path_not_in_scope"), 200, 48001, "api unauthorized"),
        (ApiRefused(99999, "new"), 200, 99999, "system error"),
        (WeChatRefused(45009, "reach max quota"), 200, 45009, "reach max quota"),
        (GatewayError(), 500, -1, "system error"),
        (WeChatUnavailable(), 502, -1, "system error"),
        (WeChatTimeout(), 504, -1, "system error"),
        (ServiceUnavailable(), 503, -1, "system error"),
    ],
)
@pytest.mark.parametrize("accept", [None, HTML, "application/json"])
def test_wechats_shape(error, status, errcode, errmsg, accept):
    """WeChat's paths answer 200 with errcode and errmsg, whoever asks; 5xx where it is
    we, or WeChat, that failed."""
    response = say(wechat_dialect, error, accept=accept)
    content = json.loads(response.body)

    assert status == response.status
    assert ["errcode", "errmsg"] == list(content)
    assert errcode == content["errcode"]
    assert content["errmsg"].startswith(errmsg)
    assert "application/json; encoding=utf-8" == dict(response.headers)["Content-Type"]
    assert error.code == dict(response.headers)["X-Gateway-Error"]
    assert "no-store" == dict(response.headers)["Cache-Control"]


def test_the_rid_is_wechats_own_form():
    """A rid of ours begins with the time in hex; no two are alike."""
    before = int(time.time())
    texts = [say(wechat_dialect, NotFound()).body.decode() for _ in range(10)]
    rids = [RID.search(text) for text in texts]

    assert 10 == len({rid[0] for rid in rids})
    assert all(before <= int(rid[1], 16) <= before + 5 for rid in rids)


@pytest.mark.parametrize("separator", [" ", ", "])
def test_wechats_own_rid_is_kept(separator):
    """A refusal that WeChat has numbered keeps that number and gets no second."""
    errmsg = f"invalid openid{separator}rid: 6aac005a-01bfdbee-79769285"
    response = say(wechat_dialect, WeChatRefused(40003, errmsg))

    expected = {"errcode": 40003, "errmsg": errmsg}
    assert expected == json.loads(response.body)


def test_chinese_stays_chinese():
    """WeChat's sentences go out as UTF-8, not as escapes."""
    response = say(wechat_dialect, WeChatRefused(1, "系统繁忙, rid: 1"))

    assert '{"errcode":1,"errmsg":"系统繁忙, rid: 1"}'.encode() == response.body


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_json_for_programs(accept):
    """A program gets code, sentence and request id under the error's own status."""
    response = say(web_dialect, NotSignedIn(), accept=accept)

    expected = {
        "error": "not_signed_in",
        "message": "You are not signed in.",
        "request_id": "req-1",
    }
    assert 401 == response.status
    assert expected == json.loads(response.body)
    assert "no-store" == dict(response.headers)["Cache-Control"]


def test_a_page_for_users():
    """A browser gets a page under the error's own status, with the request id and a
    way to start again."""
    response = say(web_dialect, FlowExpired(), accept=HTML)
    page = response.body.decode()

    assert 400 == response.status
    assert dict(response.headers)["Content-Type"].startswith("text/html")
    assert "req-1" in page
    assert 'href="/login"' in page


@pytest.mark.bug(10)
@pytest.mark.parametrize("home", [None, "https://shop.example.com/start"])
def test_a_page_leads_home(home):
    """The page links to the client's home page, else to the sign-in page."""
    dialect = partial(web_dialect, links=PageLinks(home=home))
    page = say(dialect, SnapshotUser(), accept=HTML).body.decode()

    assert f'href="{home or "/login"}"' in page


def test_wechats_words_do_not_reach_users():
    """The errmsg of a refusal, which may name anything, is in no web answer."""
    error = WeChatRefused(40125, "invalid appsecret of wx-hush")

    for accept in (HTML, "application/json"):
        assert b"hush" not in say(web_dialect, error, accept=accept).body


@pytest.mark.parametrize("dialect", [web_dialect, wechat_dialect])
@pytest.mark.parametrize("accept", [HTML, "application/json"])
def test_headers_that_an_error_needs(dialect, accept):
    """503 has Retry-After, 405 has Allow, once each."""
    away = say(dialect, ServiceUnavailable(), accept=accept)
    odd = say(dialect, MethodNotAllowed("GET", "POST"), accept=accept)

    assert ["2"] == [value for name, value in away.headers if name == "Retry-After"]
    assert ["GET, POST"] == [value for name, value in odd.headers if name == "Allow"]
    assert (
        not {"Allow", "Retry-After"}
        & dict(say(dialect, NotFound(), accept=accept).headers).keys()
    )
