"""/sns for a mobile app: WeChat exchanges the code, and the tokens are ours."""

from __future__ import annotations

import json
import logging
from functools import partial
from urllib.parse import urlencode

import pytest

from functions.wechat_api.index import handler as wechat_api
from runtime.errors import WeChatTimeout
from runtime.registry.client_secrets import hash_secret
from runtime.usage.in_flight import CallsInFlight
from tests.support.client_sign_in import BACK, GRANTED, USER, Visit, exchanged, sns
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.mini_programs import make_pairwise
from tests.support.mobile_apps import (
    MOBILE,
    OTHER_MOBILE,
    SDK_CODE,
    add_mobile_app,
    exchange_sdk_code,
    with_mobile_app,
)
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, FORM, change
from tests.support.signed_out import sign_out_at

EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
def exchange(gateway, wechat):
    """Exchange the code that WeChat knows, with parameters changed."""
    with_mobile_app(gateway, wechat)
    return partial(exchange_sdk_code, gateway)


class TestTokens:
    def test_a_code_becomes_tokens_of_ours(self, exchange, wechat):
        """In WeChat's shape; WeChat gets the AppSecret, and its token stays here."""
        told = exchange()

        assert list(told) == [
            *("access_token", "expires_in", "refresh_token", "openid", "scope"),
            "unionid",
        ]
        assert (told["openid"], told["unionid"]) == ("o-1", "u-1")
        assert (told["expires_in"], told["scope"]) == (7200, "snsapi_userinfo")
        assert "user-token" not in json.dumps(told)
        assert wechat.calls(EXCHANGE)[0].arguments == {
            "appid": MOBILE,
            "secret": APP_SECRET,
            "code": SDK_CODE,
            "grant_type": "authorization_code",
        }

    def test_the_tokens_are_those_of_any_sign_in(self, exchange, gateway, clock):
        """userinfo, auth, refresh by the app's id or the client's, without WeChat."""
        told = exchange()
        pair = {"access_token": told["access_token"], "openid": "o-1"}

        assert sns(gateway, "userinfo", **pair)["nickname"] == "张三"
        assert sns(gateway, "auth", **pair) == {"errcode": 0, "errmsg": "ok"}
        clock.now += 7201
        for appid in (MOBILE, "demo"):
            asked = {"grant_type": "refresh_token", "appid": appid}
            asked |= {"refresh_token": told["refresh_token"]}
            renewed = sns(gateway, "oauth2/refresh_token", **asked)
            pair["access_token"] = renewed["access_token"]

            assert sns(gateway, "auth", **pair)["errcode"] == 0

    def test_the_tokens_live_for_thirty_days_in_redis(self, exchange, shared_redis):
        """As those of a web sign-in, and no longer."""
        exchange()
        redis = shared_redis.client()
        (key,) = redis.scan_iter("gateway:grant:*")
        life = redis.pttl(key)
        redis.close()

        assert 30 * 86_400_000 - 60_000 < life <= 30 * 86_400_000

    @pytest.mark.parametrize(
        "change_made",
        [
            {"disabled": True},
            {"epoch": 7},
            {"scopes": {}},
        ],
        ids=lambda each: next(iter(each)),
    )
    def test_the_tokens_end_with_the_client(self, exchange, gateway, change_made):
        """Disabled, revoked, or without the app."""
        pair = {"access_token": exchange()["access_token"], "openid": "o-1"}
        change(gateway, "clients", "demo", **change_made)

        assert sns(gateway, "auth", **pair)["errcode"] == 40001

    def test_a_sign_out_everywhere_ends_them(self, exchange, gateway, clock):
        """The user is the same as on the web."""
        pair = {"access_token": exchange()["access_token"], "openid": "o-1"}
        sign_out_at(gateway, "u-1", clock.now)

        assert sns(gateway, "auth", **pair)["errcode"] == 40001

    @pytest.mark.case(134)
    def test_a_pairwise_client_gets_its_own_openid(self, exchange, gateway):
        """And no unionid, neither here nor in userinfo."""
        make_pairwise(gateway)
        told = exchange()
        pair = {"access_token": told["access_token"], "openid": told["openid"]}
        profile = sns(gateway, "userinfo", **pair)

        assert told["openid"].startswith("o")
        assert "o-1" not in json.dumps([told, profile])
        assert "u-1" not in json.dumps([told, profile])


class TestRefusals:
    @pytest.mark.parametrize("errcode", [40029, 40163, 42003])
    def test_what_wechat_says_of_a_code_is_passed_on(self, exchange, wechat, errcode):
        """Unknown or of another app, used, expired; WeChat is asked once."""
        wechat.rescript(EXCHANGE, {"errcode": errcode, "errmsg": "its words, rid: 1"})
        told = exchange()

        assert told["errmsg"].startswith("its words, rid: ")
        assert told["errcode"] == errcode
        assert len(wechat.calls(EXCHANGE)) == 1

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"secret": APP_SECRET}, 40125),
            ({"secret": "demo_" + "0" * 32}, 40125),
            ({"secret": ""}, 41004),
            ({"code": ""}, 41008),
            ({"grant_type": "x"}, 40002),
            ({"appid": OTHER_MOBILE}, 48001),
            ({"appid": "wx" + "0" * 16}, 40013),
        ],
    )
    def test_what_the_gateway_refuses(
        self, exchange, gateway, wechat, changes, expected
    ):
        """WeChat is not asked, least of all about another client's app."""
        add_mobile_app(gateway, OTHER_MOBILE)

        assert exchange(**changes)["errcode"] == expected
        assert wechat.seen == []

    def test_wrong_secrets_are_counted(self, exchange, gateway, wechat):
        """As everywhere; the right one is still accepted."""
        wrong = "demo_" + "0" * 32
        told = [exchange(secret=wrong)["errcode"] for _ in range(70)]

        assert told[0] == 40125
        assert told[-1] == 45011
        assert exchange()["openid"] == "o-1"

    def test_a_code_of_ours_is_none_of_the_app(self, exchange, gateway, wechat):
        """It is sent to WeChat, which does not know it; it stays valid here."""
        change(gateway, "clients", "demo", redirect_uris=[BACK])
        visit = Visit(gateway)
        code = visit.code(visit.connect())
        wechat.rescript(EXCHANGE, {"errcode": 40029, "errmsg": "invalid code"})

        assert exchange(code=code)["errcode"] == 40029
        assert exchanged(gateway, code)["openid"] == "o-1"

    def test_by_the_clients_id_the_code_is_one_of_ours(self, exchange, wechat):
        """Only the app's own id asks WeChat."""
        assert exchange(appid="demo")["errcode"] == 40029
        assert wechat.seen == []

    def test_another_client_with_the_app_redeems_no_grant_of_this_one(
        self, exchange, gateway
    ):
        """The tokens name their client; each of both gets its own."""
        other = {"name": "O", "scopes": {MOBILE: []}}
        other["secret_hashes"] = [hash_secret("other_" + "2" * 32)]
        gateway.documents.write("clients", "other", other, after=0)
        told = exchange()
        asked = {"grant_type": "refresh_token", "appid": "other"}
        asked |= {"refresh_token": told["refresh_token"]}

        assert exchange(secret="other_" + "2" * 32)["openid"] == "o-1"
        assert sns(gateway, "oauth2/refresh_token", **asked)["errcode"] == 40030

    @pytest.mark.case(57)
    def test_without_a_unionid_there_is_no_other_name(self, exchange, gateway, wechat):
        """The app says unionid: nobody is signed in by the openid instead."""
        lone = {name: value for name, value in GRANTED.items() if name != "unionid"}
        wechat.rescript(EXCHANGE, lone)
        wechat.rescript("/sns/userinfo", {**USER, "unionid": ""})

        assert exchange()["errcode"] == -1

    def test_a_slow_wechat_is_a_timeout(self, exchange, wechat):
        """And no other exchange of the code follows."""
        wechat.rescript(EXCHANGE, WeChatTimeout())

        assert exchange()["errcode"] == WeChatTimeout.errcode
        assert len(wechat.calls(EXCHANGE)) == 1


def test_only_codes_of_wechats_wait_for_wechat():
    """A code of ours is redeemed however slow WeChat is; a posted one may be any."""
    path = "/wechat_api/sns/oauth2/access_token"
    told = [
        wechat_api.waits("GET", path, f"appid=x&code={code}&grant_type=y")
        for code in ("c" * 43, SDK_CODE, "c" * 44)
    ]

    assert told == [False, True, True]
    assert wechat_api.waits("GET", path, "appid=x") is False
    assert wechat_api.waits("POST", path, "appid=x") is True
    assert wechat_api.waits("POST", path, f"code={'c' * 43}") is False
    assert wechat_api.waits("POST", "/sns/userinfo", "appid=x") is False
    assert wechat_api.waits("GET", "/sns/userinfo", f"code={SDK_CODE}") is False


def test_a_posted_code_is_exchanged(exchange, gateway):
    """As on WeChat's own path, where several clients post it."""
    form = {"appid": MOBILE, "secret": CLIENT_SECRET, "code": SDK_CODE}
    form["grant_type"] = "authorization_code"
    environ = make_environ_fc(
        method="POST",
        path=EXCHANGE,
        headers=[("content-type", FORM)],
        body=urlencode(form).encode(),
    )
    content = json.loads(call_wsgi(wechat_api.with_gateway(gateway), environ)[2])

    assert "o-1" == content["openid"]


def test_it_counts_as_a_sign_in(exchange, gateway, wechat):
    """Calls in flight leave it alone; beyond the limit of sign-ins nothing is sent."""
    gateway.calls_in_flight = gateway.sign_ins_in_flight = CallsInFlight(1)
    with gateway.sign_ins_in_flight.counted("another"):
        assert -1 == exchange()["errcode"]
    assert [] == wechat.calls(EXCHANGE)
    gateway.sign_ins_in_flight = CallsInFlight(1)
    with gateway.calls_in_flight.counted("another"):
        assert "o-1" == exchange()["openid"]


@pytest.mark.case(121)
def test_the_log_names_neither_code_nor_token_nor_user(exchange, wechat, caplog):
    """In a success and in a failure."""
    caplog.set_level(logging.DEBUG)
    told = exchange()
    wechat.rescript(EXCHANGE, {"errcode": 40029, "errmsg": "invalid code"})
    exchange()
    hushed = (APP_SECRET, CLIENT_SECRET, SDK_CODE, "o-1", "u-1", "user-token")

    found = [word for word in (*hushed, told["access_token"]) if word in caplog.text]
    assert found == []
