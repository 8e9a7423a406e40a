"""The verb `app check`: what to enter in WeChat's console, and what came from there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import get_args

import pytest

from functions.wechat_event.index import handler
from runtime.gateway import Gateway
from runtime.operations import app_check
from runtime.operations.push_reasons import REFUSALS
from runtime.operations.verbs import OPERATIONS
from runtime.push.receiving import Reason
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.pushes import AES_KEY, TOKEN, check, plain, safe, text
from tests.support.scripted_wechat import APP_SECRET, SERVICE

COMPONENT = "wx00000000000000c1"


@pytest.fixture(autouse=True)
def _tried(wechat):
    """Let what is tried at WeChat be in order; test_app_trials.py has the rest."""
    token = {"access_token": "75_x", "expires_in": 7200}
    wechat.script("/cgi-bin/stable_token", token)
    wechat.script(
        "/cgi-bin/component/api_start_push_ticket", {"errcode": 0, "errmsg": "ok"}
    )
    refused = {"errcode": 40029, "errmsg": "invalid code"}
    wechat.script("/sns/oauth2/access_token", refused)


@pytest.fixture
def app(do):
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)
    do("app update", appid=SERVICE, token=TOKEN, encoding_aes_key=AES_KEY)


@pytest.fixture
def wechat_sends(gateway):
    """Send what WeChat sends; return the status."""

    def run(query, body=b"", *, path=SERVICE):
        method = "POST" if body else "GET"
        environ = make_environ_fc(
            method=method, path=f"/wechat_event/{path}", query=query, body=body
        )
        return call_wsgi(handler.with_gateway(gateway), environ)[0]

    return run


def entered(answer):
    return {row["field"]: row["value"] for row in answer["enter"]}


def test_what_to_enter(app, do, gateway):
    """Each field of the console; the secrets only where they are asked for."""
    url = f"{gateway.settings.public_base_url}/wechat_event/{SERVICE}"
    answer = do("app check", appid=SERVICE)

    assert answer["console"] == "mp.weixin.qq.com"
    assert entered(answer) == {
        "IP whitelist (IP白名单)": "the addresses from which this gateway calls "
        "WeChat; a refusal with 40164 names one that is missing",
        "web authorisation domain (网页授权域名)": "gateway.example.com; the console "
        "gives a file MP_verify_X.txt, which the gateway serves: "
        f"app update {SERVICE} --domain-proof FILE",
        "JS interface domains (JS接口安全域名)": "hosts with wx.config",
        "URL (服务器地址)": url,
        "Token (令牌)": "set; --secrets shows it",
        "EncodingAESKey (消息加解密密钥)": "set; --secrets shows it",
        "mode (消息加解密方式)": "safe (安全模式)",
        "format (数据格式)": "XML or JSON",
    }
    assert answer["seen"] == []
    shown = entered(do("app check", appid=SERVICE, secrets=True))
    assert TOKEN == shown["Token (令牌)"]
    assert AES_KEY == shown["EncodingAESKey (消息加解密密钥)"]


def test_what_is_there_already(app, do):
    """The domains that wx.config is for, and no file where one is stored."""
    proofs = {"MP_verify_x.txt": "x"}
    do("app update", appid=SERVICE, js_domains=["a.example.com"], domain_proofs=proofs)
    shown = entered(do("app check", appid=SERVICE))

    assert "gateway.example.com" == shown["web authorisation domain (网页授权域名)"]
    assert "a.example.com" == shown["JS interface domains (JS接口安全域名)"]


def test_what_is_missing(do):
    """With the verb that mends it; without an AES key the mode is plain."""
    do("app add", appid=SERVICE, kind="miniprogram", secret=APP_SECRET)
    shown = entered(do("app check", appid=SERVICE))

    mends = f"not set: app update {SERVICE} --push"
    assert mends == shown["Token (令牌)"] == shown["EncodingAESKey (消息加解密密钥)"]
    assert "plain (明文模式)" == shown["mode (消息加解密方式)"]


def test_secrets_that_roll(app, do):
    """The former ones are named with the verb that ends them."""
    do("app update", appid=SERVICE, token="another")

    told = entered(do("app check", appid=SERVICE))["previous"]
    assert told == (
        "the token of before, accepted until "
        f"app update {SERVICE} --clear previous_token"
    )


def test_a_component(do):
    """It has two URLs, and the names of its fields are others."""
    do("app add", appid=COMPONENT, kind="component", secret=APP_SECRET)
    shown = entered(do("app check", appid=COMPONENT))

    assert shown["授权事件接收 URL"].endswith(f"/wechat_event/{COMPONENT}/ticket")
    assert shown["消息与事件接收 URL"].endswith(f"/wechat_event/{COMPONENT}/$APPID$")
    assert set(shown) >= {"消息校验 Token", "消息加解密 Key"}


@pytest.mark.parametrize(
    ("make", "what", "reason"),
    [
        (lambda: (check(token="wrong"), b""), "check", "signature"),
        (lambda: (check(at=time.time() - 900), b""), "check", "age"),
        (lambda: safe(text(), token="wrong"), "push", "signature"),
        (lambda: safe(text(), aes_key="C" * 43), "push", "key"),
        (lambda: safe(text(), appid="wx0000000000000000"), "push", "receive_id"),
        (lambda: plain(text()), "push", "not_encrypted"),
        (lambda: safe(text(), at=time.time() - 900), "push", "age"),
    ],
)
def test_what_was_wrong(app, do, wechat_sends, make, what, reason):
    """The reason, and what mends it; nothing of the message."""
    now = do("app check", appid=SERVICE)["now"]
    assert 403 == wechat_sends(*make())

    (row,) = do("app check", appid=SERVICE, since=now, wait=5.0)["seen"]
    assert (what, f"refused, {reason}") == (row["what"], row["outcome"])
    assert row["meaning"] == REFUSALS[reason].replace("APPID", SERVICE)
    assert row["at"] > now


def test_what_is_accepted(app, do, wechat_sends):
    """The check of the URL, and the first push."""
    now = do("app check", appid=SERVICE)["now"]
    assert 200 == wechat_sends(check())
    assert 200 == wechat_sends(*safe(text()))

    rows = do("app check", appid=SERVICE, since=now)["seen"]
    assert [("check", "accepted"), ("push", "accepted")] == [
        (row["what"], row["outcome"]) for row in rows
    ]
    assert [] == do("app check", appid=SERVICE, since=rows[-1]["at"])["seen"]


def test_an_app_without_a_token(do, wechat_sends):
    """WeChat gets 404; the operator is told that it called."""
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)
    assert 404 == wechat_sends(check())

    (row,) = do("app check", appid=SERVICE)["seen"]
    assert "refused, no_token" == row["outcome"]
    assert f"app update {SERVICE} --push" in row["meaning"]


def test_it_waits_as_long_as_it_is_told(app, do, gateway):
    """And looks again meanwhile; a call without `since` does not wait."""
    slept, now = [], [0.0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    clock = lambda: now[0]  # noqa: E731
    arguments = {"appid": SERVICE, "since": 1.0, "wait": 3.0}
    answer = app_check.check(gateway, arguments, sleep=sleep, clock=clock)
    assert [] == answer["seen"]
    assert 3.0 == sum(slept)

    slept.clear()
    app_check.check(gateway, {"appid": SERVICE, "wait": 3.0}, sleep=sleep, clock=clock)
    assert [] == slept


def test_every_reason_is_explained():
    """And no other one is."""
    assert {*get_args(Reason), "no_token"} == set(REFUSALS)


def test_a_port_that_wechat_never_calls(app, do, settings):
    """A warning, unless the platform is the sandbox."""
    odd = replace(settings, public_base_url="https://gateway.example.com:8443")
    real = replace(odd, wechat_api_url="https://api.weixin.qq.com")
    local = replace(odd, wechat_api_url="http://127.0.0.1:8001")

    (warning,) = do("app check", on=Gateway(real), appid=SERVICE)["warnings"]
    assert warning == "WeChat calls the ports 80 and 443 only, and never 8443."
    assert "warnings" not in do("app check", on=Gateway(local), appid=SERVICE)


def test_it_is_logged():
    """Since it may show secrets."""
    assert OPERATIONS["app", "check"].changes
