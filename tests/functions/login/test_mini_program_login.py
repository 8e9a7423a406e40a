"""POST /login/miniprogram: a js_code becomes a session."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from tests.support.mini_programs import (
    ASKED,
    JSCODE2SESSION,
    KNOWN,
    OPENID,
    OTHER_APPID,
    UNIONID,
    add_app,
    open_for_business,
    post_js_code,
    visit,
)
from tests.support.scripted_wechat import APP_SECRET, NOW, change
from tests.support.wechat_vectors import APPID, SESSION_KEY

WEEK = 7 * 86400


@pytest.fixture
def sign_in(gateway, wechat):
    """Post a js_code for the mini program of LOGIN_CLIENT; WeChat knows it."""
    open_for_business(gateway, wechat)
    return partial(post_js_code, gateway)


class TestSession:
    def test_a_js_code_becomes_a_session(self, sign_in, wechat):
        """The answer has a Bearer token and no cookie; WeChat gets the AppSecret."""
        status, headers, content = sign_in()

        assert 200 == status
        assert {
            "session_token": content["session_token"],
            "token_type": "Bearer",
            "expires_in": WEEK,
            "sub": OPENID,
            "auth_time": int(NOW),
        } == content
        assert "no-store" == headers["Cache-Control"]
        assert "Set-Cookie" not in headers
        assert {**ASKED, "secret": APP_SECRET} == wechat.seen[-1].arguments

    def test_the_token_tells_who_it_is(self, sign_in, gateway):
        """With the same names as a browser's sign-in, and without its profile."""
        token = sign_in()[2]["session_token"]
        status, _, content = visit(
            gateway, "GET", "/login/me", authorization=f"Bearer {token}"
        )

        told = {
            "sub": OPENID,
            "name": "",
            "picture": None,
            "wechat_openid": OPENID,
            "wechat_unionid": UNIONID,
            "wechat_appid": APPID,
            "auth_time": int(NOW),
        }
        assert (200, told) == (status, {name: content[name] for name in told})
        assert SESSION_KEY not in content.values()

    def test_each_sign_in_is_another_session(self, sign_in):
        """Nobody's token can be known before."""
        first, second = sign_in()[2], sign_in()[2]

        assert first["session_token"] != second["session_token"]

    def test_the_key_is_kept_for_decrypting(self, sign_in, gateway):
        """For every client of this mini program."""
        sign_in()
        client = gateway.registry.client("demo")

        assert SESSION_KEY == gateway.session_keys.find(client, APPID, OPENID)

    def test_users_are_named_as_the_app_says(self, sign_in, gateway):
        """By unionid, so that the web and the mini program have the same user."""
        change(gateway, "apps", APPID, subject="unionid")

        assert UNIONID == sign_in()[2]["sub"]

    @pytest.mark.case(57)
    def test_without_a_unionid_there_is_no_other_name(self, sign_in, gateway, wechat):
        """No silent fall back to the openid."""
        change(gateway, "apps", APPID, subject="unionid")
        wechat.script(JSCODE2SESSION, {**KNOWN, "unionid": ""})
        sign_in()
        status, _, content = sign_in()

        assert (501, "sign_in_not_configured") == (status, content["error"])

    def test_a_client_with_several_names_one(self, sign_in, gateway, wechat):
        """Without an appid the request is refused."""
        add_app(gateway, OTHER_APPID)
        change(gateway, "clients", "demo", scopes={APPID: [], OTHER_APPID: []})

        assert "unknown_mini_program" == sign_in()[2]["error"]
        assert 200 == sign_in(appid=OTHER_APPID)[0]
        assert OTHER_APPID == wechat.seen[-1].arguments["appid"]

    def test_another_client_is_named_by_its_id(self, sign_in, gateway, wechat):
        """Its mini program is asked, not that of LOGIN_CLIENT."""
        add_app(gateway, OTHER_APPID)
        other = {"name": "O", "scopes": {OTHER_APPID: []}, "secret_hashes": []}
        gateway.documents.write("clients", "other", other, after=0)

        assert 200 == sign_in(client_id="other")[0]
        assert OTHER_APPID == wechat.seen[-1].arguments["appid"]


@pytest.mark.case(121)
def test_the_log_names_neither_code_nor_key_nor_user(sign_in, wechat, caplog):
    """In a success and in a failure."""
    caplog.set_level(logging.DEBUG)
    token = sign_in()[2]["session_token"]
    wechat.script(JSCODE2SESSION, {"errcode": 40029, "errmsg": "invalid code"})
    sign_in()
    sign_in()
    hushed = (APP_SECRET, OPENID, UNIONID, SESSION_KEY, "0a1b", token)

    assert [] == [word for word in hushed if word in caplog.text]
    assert "js_code_spent" in caplog.text
