"""Token and ticket endpoints, with WeChat's fields."""

from __future__ import annotations

import json

import pytest

from runtime.errors import (
    ApiRefused,
    BadRequest,
)
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS
from tests.support.api_calls import OK, STABLE, WHO, issue
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import (
    APP_SECRET,
    WEBSITE,
    ask,
    change,
    load,
)


class TestTokens:
    def test_the_client_secret_gets_a_gateway_token(self, gateway, wechat):
        """In WeChat's shape and content type; WeChat is not asked for it."""
        response = issue(gateway)

        content = load(response)
        assert list(content) == ["access_token", "expires_in"]
        assert content["expires_in"] == GATEWAY_TOKEN_SECONDS
        assert dict(response.headers)["Content-Type"] == (
            "application/json; encoding=utf-8"
        )
        assert len(content["access_token"]) < 512
        assert wechat.seen == []

    def test_stable_token_reads_the_body_only(self, gateway):
        """As at WeChat, the query is not read."""
        body = json.dumps({**WHO, "force_refresh": True}).encode()

        answer = handle(ask("POST", STABLE, "appid=x", body=body), gateway)

        assert "access_token" in load(answer)

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"appid": None}, 41002),
            ({"appid": "wx" + "0" * 16, "grant_type": None}, 40013),
            ({"appid": "../clients/demo"}, 40013),
            ({"grant_type": "password"}, 40002),
            ({"grant_type": None}, 40002),
            ({"secret": None}, 41004),
            ({"secret": "demo_" + "2" * 32}, 40125),
            ({"secret": "nobody_" + "1" * 32}, 40125),
            ({"secret": APP_SECRET}, 40125),
            ({"secret": "x" * 4000}, 40125),
        ],
    )
    def test_refusals_are_wechats_in_wechats_order(self, gateway, changed, errcode):
        """The AppSecret itself is no client secret."""
        with pytest.raises(ApiRefused) as caught:
            issue(gateway, **changed)

        assert caught.value.errcode == errcode

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b"[" * 100000])
    def test_a_body_that_is_no_json_object_is_refused(self, gateway, body):
        """Nothing escapes as a stack."""
        with pytest.raises((ApiRefused, BadRequest)):
            handle(ask("POST", STABLE, body=body), gateway)

    @pytest.mark.parametrize("value", [1, ["a"], {"a": 1}, True])
    def test_a_field_of_another_type_is_refused(self, gateway, value):
        """JSON may hold anything where text is due."""
        for name, errcode in (("appid", 40013), ("secret", 40125)):
            body = json.dumps({**WHO, name: value}).encode()
            with pytest.raises(ApiRefused) as caught:
                handle(ask("POST", STABLE, body=body), gateway)

            assert caught.value.errcode == errcode

    def test_a_disabled_client_gets_no_token(self, gateway):
        """Its secret is as good as wrong."""
        change(gateway, "clients", "demo", disabled=True)

        with pytest.raises(ApiRefused) as caught:
            issue(gateway)

        assert caught.value.errcode == 40125

    def test_an_app_that_is_not_the_clients_is_refused(self, gateway):
        """A right secret opens its own apps only."""
        change(gateway, "clients", "demo", scopes={WEBSITE: []})

        with pytest.raises(ApiRefused) as caught:
            issue(gateway)

        assert (caught.value.errcode, caught.value.code) == (48001, "app_not_granted")


class TestTicket:
    def test_a_ticket_comes_from_custody(self, gateway, real, token, clock):
        """WeChat is asked once; the answer is in its shape."""
        path = "/cgi-bin/ticket/getticket"
        real.script(path, {**OK, "ticket": "T-1", "expires_in": 7200})
        query = f"access_token={token}&type=jsapi"

        answers = [load(handle(ask(path=path, query=query), gateway)) for _ in "ab"]

        assert answers[0] == {**OK, "ticket": "T-1", "expires_in": 7170}
        assert answers[1]["ticket"] == "T-1"
        assert len(real.calls(path)) == 1

    def test_an_unknown_type_is_refused(self, gateway, real, token):
        """40097 without asking WeChat."""
        query = f"access_token={token}&type=other"
        with pytest.raises(ApiRefused) as caught:
            handle(ask(path="/cgi-bin/ticket/getticket", query=query), gateway)

        assert caught.value.errcode == 40097
