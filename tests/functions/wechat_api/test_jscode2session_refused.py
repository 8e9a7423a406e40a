"""Refusals of /sns/jscode2session, with WeChat's codes in WeChat's order."""

from __future__ import annotations

import re
from functools import partial

import pytest

from runtime.errors import ServiceUnavailable, WeChatTimeout, WeChatUnavailable
from runtime.registry.client_secrets import hash_secret
from runtime.upstream.answer import Answer
from tests.support.mini_programs import (
    JSCODE2SESSION,
    OPENID,
    OTHER_APPID,
    add_app,
    exchange_js_code,
    open_for_business,
)
from tests.support.scripted_wechat import APP_SECRET, SERVICE, change
from tests.support.wechat_vectors import APPID


@pytest.fixture
def exchange(gateway, wechat):
    """Ask jscode2session; WeChat knows the js_code."""
    open_for_business(gateway, wechat)
    return partial(exchange_js_code, gateway)


class TestRefusals:
    ORDER = (
        ({"appid": None, "secret": None}, 41002),
        ({"appid": "", "secret": "x"}, 41002),
        ({"appid": "wx" + "0" * 16, "secret": None}, 40013),
        ({"appid": "nobody", "secret": None}, 40013),
        ({"appid": "../apps", "secret": None}, 40013),
        ({"secret": None, "js_code": None}, 41004),
        ({"secret": "x", "js_code": None}, 40125),
        ({"secret": APP_SECRET}, 40125),
        ({"secret": "demo_" + "2" * 32}, 40125),
        ({"secret": "\U0001f98c" * 400}, 40125),
        ({"grant_type": None, "js_code": None}, 40002),
        ({"grant_type": "client_credential"}, 40002),
        ({"js_code": None}, 41008),
        ({"js_code": ""}, 41008),
        ({"appid": SERVICE}, 40013),
    )

    @pytest.mark.case(130)
    @pytest.mark.parametrize(("changed", "errcode"), ORDER)
    def test_wechats_codes_in_wechats_order(self, exchange, wechat, changed, errcode):
        """Status 200, text/plain and the comma of /sns; WeChat is not asked."""
        status, headers, content = exchange(**changed)

        assert (200, "text/plain") == (status, headers["Content-Type"])
        assert ["errcode", "errmsg"] == list(content)
        assert errcode == content["errcode"]
        rid = ", rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"
        assert re.fullmatch(rf"[a-z _]+{rid}", content["errmsg"])
        assert [] == wechat.seen

    REFUSED = (
        (-1, "system error"),
        (40029, "invalid code"),
        (40163, "code been used"),
        (40226, "code blocked"),
        (45011, "api minute-quota reach limit  mustslower  retry next minute"),
    )

    @pytest.mark.case(130)
    @pytest.mark.parametrize(("errcode", "text"), REFUSED)
    def test_wechats_own_refusals_come_back(self, exchange, wechat, errcode, text):
        """Code and text as they are, with a rid that WeChat does not know: by its own
        rid the call could be read. The code is not tried twice."""
        said = {
            "errcode": errcode,
            "errmsg": f"{text}, rid: 6aac007a-6c02c771-26bf69c4",
        }
        wechat.script(JSCODE2SESSION, said)
        exchange()
        wechat.seen.clear()
        status, headers, content = exchange()

        assert (200, errcode) == (status, content["errcode"])
        assert content["errmsg"].startswith(f"{text}, rid: ")
        assert content["errmsg"] != said["errmsg"]
        assert "text/plain" == headers["Content-Type"]
        assert "wechat_refused" == headers["X-Gateway-Error"]
        assert 1 == len(wechat.seen)

    @pytest.mark.case(130)
    @pytest.mark.parametrize(
        "answer",
        [
            WeChatUnavailable(),
            WeChatTimeout(),
            Answer(200, (), b"<html>"),
            {"openid": OPENID},
            {"session_key": "k"},
            {"openid": 1, "session_key": "k"},
            {"openid": OPENID, "session_key": ["k"]},
        ],
        ids=repr,
    )
    def test_what_is_no_answer_is_a_system_error(self, exchange, wechat, answer):
        """-1 with status 200, as /sns says it; asked once."""
        wechat.script(JSCODE2SESSION, answer)
        exchange()
        wechat.seen.clear()
        status, headers, content = exchange()

        assert (200, -1) == (status, content["errcode"])
        assert headers["X-Gateway-Error"] in ("wechat_unavailable", "wechat_timeout")
        assert content["errmsg"].startswith("system error, rid: ")
        assert 1 == len(wechat.seen)

    def test_without_redis_there_is_no_answer(self, exchange, gateway, wechat):
        """The key could not be kept, and nothing later would decrypt."""

        def away(*_, **__):
            raise ServiceUnavailable

        gateway.session_keys.save = away
        status, headers, content = exchange()

        assert (200, -1) == (status, content["errcode"])
        assert "2" == headers["Retry-After"]

    def test_another_clients_mini_program(self, exchange, gateway, wechat):
        """A right secret opens its own apps only; one's client id is no other's."""
        add_app(gateway, OTHER_APPID)
        other = {
            "name": "Other",
            "scopes": {OTHER_APPID: []},
            "secret_hashes": [hash_secret("other_" + "3" * 32)],
        }
        gateway.documents.write("clients", "other", other, after=0)

        assert 48001 == exchange(appid=OTHER_APPID)[2]["errcode"]
        assert 40125 == exchange(appid="other")[2]["errcode"]
        assert [] == wechat.seen

    def test_the_client_id_of_one_with_several(self, exchange, gateway, wechat):
        """It names none of them; each is still there by its appid."""
        add_app(gateway, OTHER_APPID)
        change(gateway, "clients", "demo", scopes={APPID: [], OTHER_APPID: []})

        assert 40013 == exchange(appid="demo")[2]["errcode"]
        assert [] == wechat.seen
        assert OPENID == exchange(appid=OTHER_APPID)[2]["openid"]

    def test_a_disabled_client(self, exchange, gateway, wechat):
        """Its secret is as good as wrong."""
        change(gateway, "clients", "demo", disabled=True)

        assert 40125 == exchange()[2]["errcode"]
        assert [] == wechat.seen

    @pytest.mark.case(123)
    def test_guessing_secrets_comes_to_an_end(self, exchange):
        """After sixty in a minute a wrong one has to wait, and the right one never."""
        for _ in range(61):
            status, headers, content = exchange(secret="demo_" + "2" * 32)

        assert (200, 45011) == (status, content["errcode"])
        assert 0 < int(headers["Retry-After"]) <= 60
        assert "openid" in exchange()[2]

    def test_the_app_secret_refused_by_wechat_is_no_guess(self, exchange, wechat):
        """WeChat's 40125 is the operator's fault, not the client's."""
        wechat.script(JSCODE2SESSION, {"errcode": 40125, "errmsg": "invalid appsecret"})
        for _ in range(62):
            status, headers, content = exchange()

        assert (200, 40125) == (status, content["errcode"])
        assert "wechat_refused" == headers["X-Gateway-Error"]
