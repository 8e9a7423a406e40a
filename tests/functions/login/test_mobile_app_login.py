"""POST /login/mobile: a code of WeChat's SDK becomes a session."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from tests.support.mini_programs import make_pairwise, visit
from tests.support.mobile_apps import (
    MOBILE,
    OTHER_MOBILE,
    SDK_CODE,
    add_mobile_app,
    post_sdk_code,
    with_mobile_app,
)
from tests.support.scripted_wechat import APP_SECRET, NOW, SERVICE, change

EXCHANGE = "/sns/oauth2/access_token"
WEEK = 7 * 86400


@pytest.fixture
def sign_in(gateway, wechat):
    """Post a code for the mobile app of LOGIN_CLIENT; WeChat knows it."""
    with_mobile_app(gateway, wechat)
    return partial(post_sdk_code, gateway)


class TestSession:
    def test_a_code_becomes_a_session(self, sign_in, wechat):
        """The answer has a Bearer token and no cookie; WeChat gets the AppSecret."""
        status, headers, content = sign_in()

        assert status == 200
        assert content == {
            "session_token": content["session_token"],
            "token_type": "Bearer",
            "expires_in": WEEK,
            "sub": "u-1",
            "auth_time": int(NOW),
        }
        assert headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in headers
        assert wechat.calls(EXCHANGE)[0].arguments == {
            "appid": MOBILE,
            "secret": APP_SECRET,
            "code": SDK_CODE,
            "grant_type": "authorization_code",
        }

    def test_the_token_tells_who_it_is(self, sign_in, gateway):
        """With name and picture, which WeChat gives to a mobile app."""
        token = sign_in()[2]["session_token"]
        authorization = f"Bearer {token}"
        _, _, content = visit(gateway, "GET", "/login/me", authorization=authorization)

        assert content == {
            "sub": "u-1",
            "name": "张三",
            "picture": "https://thirdwx.qlogo.cn/x",
            "wechat_openid": "o-1",
            "wechat_unionid": "u-1",
            "wechat_appid": MOBILE,
            "wechat_scope": "snsapi_userinfo",
            "auth_time": int(NOW),
        }

    def test_a_client_with_several_apps_names_one(self, sign_in, gateway, wechat):
        """Without an appid the request is refused; nor is one by another client's."""
        add_mobile_app(gateway, OTHER_MOBILE)
        assert sign_in(appid=OTHER_MOBILE)[2]["error"] == "unknown_mobile_app"
        change(gateway, "clients", "demo", scopes={MOBILE: [], OTHER_MOBILE: []})

        assert sign_in()[2]["error"] == "unknown_mobile_app"
        assert sign_in(appid=OTHER_MOBILE)[0] == 200
        assert wechat.calls(EXCHANGE)[-1].arguments["appid"] == OTHER_MOBILE


class TestRefusals:
    @pytest.mark.parametrize("errcode", [40029, 40163, 42003])
    def test_a_spent_code(self, sign_in, wechat, errcode):
        """Unknown or of another app, used, expired: the app asks WeChat again."""
        wechat.rescript(EXCHANGE, {"errcode": errcode, "errmsg": "no"})
        status, _, content = sign_in()

        assert (status, content["error"]) == (400, "sdk_code_spent")

    def test_another_refusal_is_about_the_app(self, sign_in, wechat):
        """Such as a wrong AppSecret: the operator's affair."""
        wechat.rescript(EXCHANGE, {"errcode": 40125, "errmsg": "no"})

        assert (sign_in()[0], sign_in()[2]["error"]) == (502, "wechat_refused")

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"appid": SERVICE}, 400, "unknown_mobile_app"),
            ({"client_id": "nobody"}, 400, "unknown_mobile_app"),
            ({"kind": "text/plain"}, 415, "json_required"),
            ({"kind": "application/x-www-form-urlencoded"}, 415, "json_required"),
            ({"code": "a b"}, 400, "invalid_request"),
            ({"code": ""}, 400, "invalid_request"),
            ({"code": "x" * 129}, 400, "invalid_request"),
            ({"code": 1}, 400, "invalid_request"),
            ({"body": b'{"js_code": "x"}'}, 400, "invalid_request"),
            ({"appid": "x"}, 400, "invalid_request"),
        ],
    )
    def test_what_is_refused_before_wechat_is_asked(
        self, sign_in, wechat, changes, status, error
    ):
        """Each by a code of its own."""
        told, _, content = sign_in(**changes)

        assert (told, content["error"]) == (status, error)
        assert wechat.seen == []

    @pytest.mark.case(134)
    def test_a_pairwise_client_gets_no_session(self, sign_in, gateway, wechat):
        """A session holds WeChat's names; /sns gives the client its own."""
        make_pairwise(gateway)

        assert sign_in()[2]["error"] == "pairwise_client"
        assert wechat.seen == []

    @pytest.mark.case(123)
    def test_a_flood_from_one_address_ends(self, sign_in, gateway, wechat):
        """It counts with the sign-ins of browsers, before WeChat is asked."""
        most = int(gateway.settings.sign_ins_per_address)
        answers = [sign_in()[0] for _ in range(most + 1)]

        assert answers == [200] * most + [429]
        assert len(wechat.calls(EXCHANGE)) == most

    def test_even_who_takes_a_page_gets_json(self, sign_in, gateway):
        """An app shows no HTML, so it gets none."""
        for method, status in (("POST", 415), ("GET", 405)):
            told, _, content = visit(
                gateway, method, "/login/mobile", accept="text/html"
            )

            assert (told, list(content)) == (status, ["error", "message", "request_id"])


@pytest.mark.case(121)
def test_the_log_names_neither_code_nor_user(sign_in, wechat, caplog):
    """In a success and in a failure."""
    caplog.set_level(logging.DEBUG)
    token = sign_in()[2]["session_token"]
    wechat.rescript(EXCHANGE, {"errcode": 40029, "errmsg": "invalid code"})
    sign_in()
    hushed = (APP_SECRET, SDK_CODE, "o-1", "u-1", "user-token", token)

    assert [word for word in hushed if word in caplog.text] == []
    assert "sdk_code_spent" in caplog.text
