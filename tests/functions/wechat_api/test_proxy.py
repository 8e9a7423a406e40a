"""The proxy: what WeChat gets, what the caller gets, and a rejected token."""

from __future__ import annotations

import json

import pytest

from functions.wechat_api.index import handler
from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.errors import (
    OutcomeUnknown,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.upstream.answer import Answer
from tests.support.api_calls import OK, REAL, REJECTED, STABLE, issue
from tests.support.gateway_environ import make_environ
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import (
    SERVICE,
    ask,
    load,
)


class TestProxy:
    def test_the_real_token_is_put_in_the_gateway_tokens_place(
        self, gateway, real, token
    ):
        """Order and bytes of the rest of the query stay as they came."""
        real.script("/cgi-bin/user/info", OK)

        query = f"openid=o%2f1&access_token={token}&lang=zh_CN&x="
        answer = handle(ask(path="/cgi-bin/user/info", query=query), gateway)

        assert load(answer) == OK
        assert real.seen[-1].query == f"openid=o%2f1&access_token={REAL}&lang=zh_CN&x="

    def test_the_answer_is_passed_on_byte_by_byte(self, gateway, real, token):
        """Status, content type and bytes are WeChat's; its cookies stay behind."""
        headers = (
            ("Content-Type", "image/jpeg"),
            ("Content-disposition", 'attachment; filename="a.jpg"'),
            ("Set-Cookie", "wechat=1"),
            ("Server", "nginx"),
        )
        body = bytes(range(256))
        real.script("/cgi-bin/media/get", Answer(200, headers, body))

        answer = handle(
            ask(path="/cgi-bin/media/get", query=f"access_token={token}"), gateway
        )

        sandbox = ("Content-Security-Policy", "sandbox")
        assert (answer.status, answer.body) == (200, body)
        again = ("X-Gateway-Content-Disposition", headers[1][1])
        assert answer.headers == (*headers[:2], again, sandbox)

    def test_the_body_goes_up_as_it_came(self, gateway, real, token):
        """Bytes and content type reach WeChat; our caller's other headers do not."""
        real.script("/cgi-bin/menu/create", OK)
        headers = (
            ("content-type", "application/json; charset=utf-8"),
            ("cookie", "a=1"),
            ("user-agent", "wechatpy"),
            ("x-forwarded-for", "192.0.2.9"),
            ("authorization", "Bearer x"),
        )
        body = '{"button":"菜单"}'.encode()

        handle(
            ask(
                "POST",
                "/cgi-bin/menu/create",
                f"access_token={token}",
                headers=headers,
                body=body,
            ),
            gateway,
        )

        sent = real.seen[-1]
        assert (sent.method, sent.body) == ("POST", body)
        assert sent.headers == {
            "User-Agent": "wechat-gateway",
            "content-type": "application/json; charset=utf-8",
        }

    def test_a_post_without_a_body_still_has_one_upstream(self, gateway, real, token):
        """Without a Content-Length WeChat answers 412."""
        real.script("/cgi-bin/menu/delete", OK)

        handle(
            ask("POST", "/cgi-bin/menu/delete", f"access_token={token}"),
            gateway,
        )

        assert real.seen[-1].body == b""

    @pytest.mark.parametrize("errcode", [40001, 40014, 42001])
    def test_a_rejected_token_is_replaced_and_the_call_repeated_once(
        self, gateway, real, token, errcode
    ):
        """The caller sees the second answer; WeChat is asked for one new token."""
        fresh = {"access_token": "75_fresh", "expires_in": 7200}
        real.script(STABLE, fresh)
        real.script("/cgi-bin/user/get", {**REJECTED, "errcode": errcode}, OK)

        answer = handle(
            ask(path="/cgi-bin/user/get", query=f"access_token={token}"), gateway
        )

        used = [
            each.arguments["access_token"] for each in real.calls("/cgi-bin/user/get")
        ]
        assert load(answer) == OK
        assert used == [REAL, "75_fresh"]
        assert len(real.calls(STABLE)) == 2

    def test_a_second_rejection_is_the_callers_answer(self, gateway, real, token):
        """Once, never in a loop."""
        real.script(STABLE, {"access_token": "75_fresh", "expires_in": 7200})
        real.script("/cgi-bin/user/get", REJECTED)

        answer = handle(
            ask(path="/cgi-bin/user/get", query=f"access_token={token}"), gateway
        )

        assert load(answer) == REJECTED
        assert len(real.calls("/cgi-bin/user/get")) == 2

    def test_tokens_that_keep_dying_are_replaced_each_time(self, gateway, real, token):
        """Each replacement works, so none of it is held against the next."""
        real.script("/cgi-bin/user/get", *[REJECTED, OK] * 30, OK)
        numbers = iter(range(1000))
        real.rescript(
            STABLE,
            lambda _: {"access_token": f"75_{next(numbers)}", "expires_in": 7200},
        )
        query = f"access_token={token}"

        answers = [
            load(handle(ask(path="/cgi-bin/user/get", query=query), gateway))
            for _ in range(30)
        ]

        assert answers == [OK] * 30
        assert len(real.calls(STABLE)) == 31

    def test_a_path_that_never_works_does_not_use_up_the_tokens(
        self, gateway, real, token
    ):
        """Twenty fetches at the most, and all other paths go on."""
        real.script("/cgi-bin/user/get", REJECTED)
        real.script("/cgi-bin/user/info", OK)
        numbers = iter(range(1000))
        real.rescript(
            STABLE,
            lambda _: {"access_token": f"75_{next(numbers)}", "expires_in": 7200},
        )
        query = f"access_token={token}"

        for _ in range(50):
            handle(ask(path="/cgi-bin/user/get", query=query), gateway)
            good = handle(ask(path="/cgi-bin/user/info", query=query), gateway)
            assert load(good) == OK
        assert len(real.calls(STABLE)) <= 21

    def test_any_other_errcode_is_passed_on_at_once(self, gateway, real, token):
        """The platform's own words and rid."""
        refusal = {"errcode": 40003, "errmsg": "invalid openid rid: 1-2-3"}
        real.script("/cgi-bin/user/info", refusal)

        answer = handle(
            ask(path="/cgi-bin/user/info", query=f"access_token={token}"), gateway
        )

        assert load(answer) == refusal
        assert len(real.calls("/cgi-bin/user/info")) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(502, (("Content-Type", "text/html"),), b"<html>bad gateway</html>"),
            Answer(200, (("Content-Type", "text/html"),), b"<html>busy</html>"),
            Answer(200, (), b""),
        ],
        ids=["502", "html", "nothing"],
    )
    def test_whatever_wechat_answers_is_an_answer(self, gateway, real, token, answer):
        """HTML, nothing or 5xx of an API call is the caller's to judge."""
        real.script("/cgi-bin/user/get", answer)

        got = handle(
            ask(path="/cgi-bin/user/get", query=f"access_token={token}"), gateway
        )

        assert (got.status, got.body) == (answer.status, answer.body)

    @pytest.mark.parametrize("fault", [WeChatTimeout(), WeChatUnavailable()])
    def test_no_answer_is_an_error_and_not_repeated(self, gateway, real, token, fault):
        """A write may have happened: nobody does it again behind the caller's back."""
        real.script("/cgi-bin/message/custom/send", fault)

        with pytest.raises(OutcomeUnknown):
            handle(
                ask(
                    "POST",
                    "/cgi-bin/message/custom/send",
                    f"access_token={token}",
                    body=b"{}",
                ),
                gateway,
            )

        assert len(real.calls("/cgi-bin/message/custom/send")) == 1

    @pytest.mark.parametrize(
        "answer",
        [Answer(200, (), b"<html>"), Answer(500, (), b"{}"), WeChatTimeout()],
        ids=["html", "5xx", "timeout"],
    )
    def test_no_token_to_be_had_is_an_error(self, gateway, wechat, token, answer):
        """The fetch failed: the caller learns it, in WeChat's shape."""
        wechat.script(STABLE, answer)

        with pytest.raises(WeChatUnavailable):
            handle(
                ask(path="/cgi-bin/user/get", query=f"access_token={token}"), gateway
            )

    def test_wechats_refusal_of_the_fetch_is_the_callers_answer(
        self, gateway, wechat, token
    ):
        """40164 names the address to allow, so its text is passed on."""
        text = "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 1-2-3"
        wechat.script(STABLE, {"errcode": 40164, "errmsg": text})

        with pytest.raises(WeChatRefused) as caught:
            handle(
                ask(path="/cgi-bin/user/get", query=f"access_token={token}"), gateway
            )

        assert (caught.value.errcode, caught.value.errmsg) == (
            40164,
            text.removesuffix(" rid: 1-2-3"),
        )


class TestWithoutRedis:
    def test_a_token_seen_before_is_served(self, tmp_path, wechat, own_redis, token):
        """Until its own expiry, and never a fetch without the lease."""
        gateway = Gateway(
            settings_from(make_environ(tmp_path, own_redis.url)), transport=wechat
        )
        source = gateway.registry.app(SERVICE)
        wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
        gateway.calls.real_token(source)
        own_redis.stop()

        assert gateway.calls.real_token(source).value == REAL
        assert len(wechat.calls(STABLE)) == 1

    def test_without_one_the_answer_is_503_in_wechats_shape(
        self, tmp_path, gateway, wechat, token
    ):
        """With a time to come back, and WeChat is not asked."""
        environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
        cut_off = Gateway(settings_from(environ), transport=wechat, clock=gateway.clock)
        event = {
            "rawPath": "/cgi-bin/user/get",
            "queryParameters": {"access_token": token},
            "requestContext": {"http": {"method": "GET"}, "requestId": "r"},
        }

        answer = handler.with_gateway(cut_off)(json.dumps(event).encode(), None)

        assert answer["statusCode"] == 503
        assert answer["headers"]["Retry-After"] == "2"
        assert json.loads(answer["body"])["errcode"] == -1
        assert wechat.seen == []

    def test_a_config_store_that_is_away_is_503(self, settings):
        """An unreadable folder is not an unknown app."""

        class Away:
            def __getattr__(self, name):
                raise OSError

        gateway = Gateway(settings)
        gateway.documents = Documents(Away(), Envelope(settings.master_keys))
        with pytest.raises(ServiceUnavailable):
            issue(gateway)


def test_no_body_goes_up_with_a_get(gateway, real, token):
    """WeChat might take it for the next request on that connection."""
    path = "/cgi-bin/user/get"
    real.script(path, OK)
    body = b"POST /cgi-bin/message/custom/send HTTP/1.1\r\nX: "
    request = ask(path=path, query=f"access_token={token}", body=body)
    handle(request, gateway)

    (seen,) = real.calls(path)
    assert seen.body is None
