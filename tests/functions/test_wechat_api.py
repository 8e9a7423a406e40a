"""The wechat_api function: tokens in WeChat's shape, and the proxy."""

from __future__ import annotations

import json

import pytest

from functions.wechat_api.index import handle, handler
from runtime import gateway as gateway_module
from runtime.access import LIFE_SECONDS, ExpiredToken, InvalidToken
from runtime.errors import (
    ApiRefused,
    BadRequest,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.wechat import Answer
from tests.conftest import make_environ
from tests.functions.scripted import (
    APP_SECRET,
    CLIENT_SECRET,
    SERVICE,
    WEBSITE,
    ask,
    change,
    load,
)

STABLE = "/cgi-bin/stable_token"
REAL = "75_real-token"
OK = {"errcode": 0, "errmsg": "ok"}
REJECTED = {"errcode": 40001, "errmsg": "invalid credential rid: 1-2-3"}
WHO = {"grant_type": "client_credential", "appid": SERVICE, "secret": CLIENT_SECRET}


def issue(gateway, **changed):
    query = "&".join(f"{k}={v}" for k, v in {**WHO, **changed}.items() if v)
    return handle(ask(path="/cgi-bin/token", query=query), gateway)


@pytest.fixture
def token(gateway):
    """A gateway token of the client `demo`."""
    return load(issue(gateway))["access_token"]


@pytest.fixture
def real(wechat):
    """WeChat hands out its token."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    return wechat


class TestTokens:
    def test_the_client_secret_gets_a_gateway_token(self, gateway, wechat):
        """In WeChat's shape and content type; WeChat is not asked for it."""
        response = issue(gateway)

        content = load(response)
        assert list(content) == ["access_token", "expires_in"]
        assert content["expires_in"] == LIFE_SECONDS
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

        assert (answer.status, answer.headers, answer.body) == (200, headers[:2], body)

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
        real._answers[STABLE] = [
            lambda _: {"access_token": f"75_{next(numbers)}", "expires_in": 7200}
        ]
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
        real._answers[STABLE] = [
            lambda _: {"access_token": f"75_{next(numbers)}", "expires_in": 7200}
        ]
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

        with pytest.raises(type(fault)):
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

        assert (caught.value.errcode, caught.value.detail) == (40164, text)


class TestDenied:
    def ask(self, gateway, text, path="/cgi-bin/user/get"):
        return handle(ask(path=path, query=f"access_token={text}"), gateway)

    def test_no_token(self, gateway):
        """41001, as WeChat says it."""
        with pytest.raises(ApiRefused) as caught:
            self.ask(gateway, "")

        assert caught.value.errcode == 41001

    def test_a_forged_token(self, gateway, wechat, token):
        """Neither a changed one nor WeChat's real one opens anything."""
        head, _, mac = token.rpartition(".")
        changed = f"{head}.{'A' if mac[0] != 'A' else 'B'}{mac[1:]}"
        for text in (changed, REAL, "x", "%00", "a.1.1." + "A" * 43):
            with pytest.raises(InvalidToken) as caught:
                self.ask(gateway, text)

            assert caught.value.errcode == 40001
        assert wechat.seen == []

    def test_an_expired_token(self, gateway, clock, token):
        """42001 makes every SDK fetch a new one."""
        clock.now += LIFE_SECONDS + 1

        with pytest.raises(ExpiredToken) as caught:
            self.ask(gateway, token)

        assert caught.value.errcode == 42001

    @pytest.mark.parametrize("fields", [{"epoch": 2}, {"disabled": True}])
    def test_a_client_that_was_cut_off(self, gateway, token, fields):
        """Disabling it, or a new epoch, ends the tokens it holds."""
        change(gateway, "clients", "demo", **fields)

        with pytest.raises(InvalidToken):
            self.ask(gateway, token)

    @pytest.mark.parametrize(
        ("patterns", "path", "open_"),
        [
            (["/cgi-bin/user/*"], "/cgi-bin/user/get", True),
            (["/cgi-bin/user/*"], "/cgi-bin/menu/get", False),
            (["/cgi-bin/user/get"], "/cgi-bin/user/get", True),
            (["/cgi-bin/user/get"], "/cgi-bin/user/get2", False),
            ([], "/cgi-bin/user/get", False),
        ],
    )
    def test_scopes_deny_by_default(self, gateway, real, patterns, path, open_):
        """A path is open only where a pattern says so."""
        change(gateway, "clients", "demo", scopes={SERVICE: patterns})
        real.script(path, OK)
        text = load(issue(gateway))["access_token"]
        if open_:
            assert load(self.ask(gateway, text, path)) == OK
        else:
            with pytest.raises(ApiRefused) as caught:
                self.ask(gateway, text, path)

            assert caught.value.errcode == 48001
            assert real.seen == []

    @pytest.mark.parametrize(
        "path",
        [
            "/cgi-bin/clear_quota/v2",
            "/cgi-bin/component/api_component_token",
            "/sns/oauth2/access_token",
            "/sns/userinfo",
        ],
    )
    def test_paths_that_take_or_give_secrets_are_not_forwarded(
        self, gateway, real, path
    ):
        """Not even where a scope would cover them."""
        change(gateway, "clients", "demo", scopes={SERVICE: ["/*"]})
        text = load(issue(gateway))["access_token"]

        with pytest.raises(ApiRefused):
            self.ask(gateway, text, path)

        assert real.seen == []

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/cgi-bin/../sns/x",
            "/cgi-bin//user",
            "/a/./b",
            "/%",
            "/a/",
            "/a/..",
            "/a/.",
            "/..",
            "/a..",
        ],
    )
    def test_paths_that_are_not_plain_are_unknown(self, gateway, token, path):
        """No dots, no doubled or trailing slash, nothing encoded."""
        with pytest.raises(NotFound):
            self.ask(gateway, token, path)

    def test_a_wrong_method_is_wechats_error(self, gateway):
        """43001 says GET is due, 43002 POST."""
        for method, path, errcode in (
            ("POST", "/cgi-bin/token", 43001),
            ("GET", STABLE, 43002),
        ):
            with pytest.raises(MethodNotAllowed) as caught:
                handle(ask(method, path), gateway)

            assert caught.value.errcode == errcode


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


class TestWithoutRedis:
    def test_a_token_seen_before_is_served(self, tmp_path, wechat, own_redis, token):
        """Until its own expiry, and never a fetch without the lease."""
        gateway = Gateway(
            settings_from(make_environ(tmp_path, own_redis.url)), transport=wechat
        )
        source = gateway.registry.app(SERVICE)
        wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
        gateway.calls.access_token(source)
        own_redis.stop()

        assert gateway.calls.access_token(source).value == REAL
        assert len(wechat.calls(STABLE)) == 1

    def test_without_one_the_answer_is_503_in_wechats_shape(
        self, tmp_path, gateway, wechat, token, monkeypatch
    ):
        """With a time to come back, and WeChat is not asked."""
        environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
        cut_off = Gateway(settings_from(environ), transport=wechat, clock=gateway.clock)
        monkeypatch.setattr(gateway_module, "_current", cut_off)
        event = {
            "rawPath": "/cgi-bin/user/get",
            "queryParameters": {"access_token": token},
            "requestContext": {"http": {"method": "GET"}, "requestId": "r"},
        }

        answer = handler(json.dumps(event).encode(), None)

        assert answer["statusCode"] == 503
        assert answer["headers"]["Retry-After"] == "2"
        assert json.loads(answer["body"])["errcode"] == -1
        assert wechat.seen == []

    def test_a_config_store_that_is_away_is_503(
        self, gateway, settings, redis_server, monkeypatch
    ):
        """An unreadable folder is not an unknown app."""

        def away(*_):
            raise OSError

        redis_server.empty()
        monkeypatch.setattr("runtime.folder_store.FolderStore.versions", away)
        with pytest.raises(ServiceUnavailable):
            issue(Gateway(settings))
