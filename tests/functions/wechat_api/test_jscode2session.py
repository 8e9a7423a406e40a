"""/sns/jscode2session: an openid for a js_code, with WeChat's fields."""

from __future__ import annotations

import logging
from functools import partial
from urllib.parse import urlencode

import pytest

from runtime.registry.subjects import openid_for
from runtime.usage.in_flight import CallsInFlight
from tests.support.mini_programs import (
    ASKED,
    JSCODE2SESSION,
    KNOWN,
    OPENID,
    SALT,
    UNIONID,
    exchange_js_code,
    make_pairwise,
    open_for_business,
)
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, basic, change
from tests.support.wechat_vectors import APPID, SESSION_KEY


@pytest.fixture
def exchange(gateway, wechat):
    """Ask jscode2session; WeChat knows the js_code."""
    open_for_business(gateway, wechat)
    return partial(exchange_js_code, gateway)


def test_it_counts_as_a_sign_in(exchange, gateway, wechat):
    """Calls in flight leave it alone; beyond the limit of sign-ins nothing is sent."""
    gateway.calls_in_flight = gateway.sign_ins_in_flight = CallsInFlight(1)
    with gateway.sign_ins_in_flight.counted("another"):
        assert -1 == exchange()[2]["errcode"]
    assert [] == wechat.seen
    gateway.sign_ins_in_flight = CallsInFlight(1)
    with gateway.calls_in_flight.counted("another"):
        assert OPENID == exchange()[2]["openid"]


class TestAnswer:
    @pytest.mark.parametrize("mount", ["", "/wechat_api"])
    def test_openid_and_unionid_and_no_session_key(self, exchange, wechat, mount):
        """WeChat gets the AppSecret in place of the client's; the key stays here."""
        status, headers, content = exchange(mount=mount)

        assert (200, {"openid": OPENID, "unionid": UNIONID}) == (status, content)
        assert "text/plain" == headers["Content-Type"]
        assert "no-store" == headers["Cache-Control"]
        assert {**ASKED, "secret": APP_SECRET} == wechat.seen[-1].arguments
        assert 1 == len(wechat.seen)

    def test_the_session_key_for_a_client_that_may_see_it(self, exchange, gateway):
        """In WeChat's order of names."""
        change(gateway, "clients", "demo", session_key=True)

        assert list(KNOWN.items()) == list(exchange()[2].items())

    def test_no_unionid_where_wechat_gives_none(self, exchange, wechat):
        """As with a mini program that is bound to no open platform account."""
        wechat.script(JSCODE2SESSION, {"session_key": "k", "openid": OPENID})
        exchange()

        assert {"openid": OPENID} == exchange()[2]

    @pytest.mark.case(134)
    def test_a_pairwise_client_gets_its_own_openid_alone(self, exchange, gateway):
        """A session_key would show it the real one, whatever its document says."""
        make_pairwise(gateway)
        change(gateway, "clients", "demo", session_key=True)
        client = gateway.registry.client("demo")

        assert SALT == client.pairwise_salt
        assert {"openid": openid_for(client, OPENID)} == exchange()[2]

    def test_the_client_id_stands_for_its_only_mini_program(self, exchange, wechat):
        """WeChat gets the real appid; a service account beside it does not matter."""
        assert OPENID == exchange(appid="demo")[2]["openid"]
        assert APPID == wechat.seen[-1].arguments["appid"]

    def test_the_key_is_kept_for_decrypting(self, exchange, gateway):
        """Also where the client is not shown it."""
        exchange()
        client = gateway.registry.client("demo")

        assert SESSION_KEY == gateway.session_keys.find(client, APPID, OPENID)

    def test_of_a_post_a_body_that_is_no_form_is_not_read(self, exchange, wechat):
        """As at WeChat: then it is 41002."""
        form = urlencode(ASKED).encode()
        refused = exchange(method="POST", query="", body=form)[2]

        assert 41002 == refused["errcode"]
        assert [] == wechat.seen
        assert OPENID == exchange(method="POST", body=form)[2]["openid"]


@pytest.mark.case(121)
def test_the_log_names_neither_code_nor_key_nor_user(exchange, wechat, caplog):
    """In a success and in a failure."""
    caplog.set_level(logging.DEBUG)
    exchange()
    exchange(js_code="")
    wechat.script(JSCODE2SESSION, {"errcode": 40029, "errmsg": "invalid code"})
    exchange()
    hushed = (CLIENT_SECRET, APP_SECRET, OPENID, UNIONID, SESSION_KEY, "0a1b")

    assert [] == [word for word in hushed if word in caplog.text]
    assert "code_missing" in caplog.text


@pytest.mark.parametrize("path", ["/sns/jscode2session", "/wxa/resetusersessionkey"])
def test_the_proxy_forwards_neither(call, wechat, path):
    """One signs users in, the other shows a session_key and makes ours invalid."""
    status, _, content = call(path, authorization=basic())

    assert (403, "path_not_proxied") == (status, content["error"])
    assert [] == wechat.seen
