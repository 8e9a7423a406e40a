"""Rate limit, audit, counters and repetition of a proxied call."""

from __future__ import annotations

import json
import logging
import time

import pytest

from functions.wechat_api.index import handler
from runtime.errors import (
    AnswerTooLarge,
    OutcomeUnknown,
    RateLimited,
    WeChatTimeout,
    WeChatUnavailable,
    WeChatUnreachable,
)
from runtime.upstream.answer import Answer
from runtime.wechat.api import WeChat
from runtime.wechat.calls import Calls
from tests.support.api_calls import without_pauses
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import CLIENT_SECRET, SERVICE, ask, change, load

STABLE = "/cgi-bin/stable_token"
USERS = "/cgi-bin/user/get"
SEND = "/cgi-bin/message/custom/send"
OK = {"errcode": 0, "errmsg": "ok"}
BUSY = {"errcode": -1, "errmsg": "system error rid: 6aac005a-01bfdbee-79769285"}


@pytest.fixture(autouse=True)
def _quick(gateway):
    without_pauses(gateway)


@pytest.fixture
def token(gateway, wechat):
    wechat.script(STABLE, {"access_token": "75_real", "expires_in": 7200})
    who = f"grant_type=client_credential&appid={SERVICE}&secret={CLIENT_SECRET}"
    return load(handle(ask(path="/cgi-bin/token", query=who), gateway))["access_token"]


def call(gateway, token, path=USERS, method="GET", **more):
    return handle(ask(method, path, f"access_token={token}", **more), gateway)


class TestRate:
    def test_a_client_over_its_rate_is_told_when_to_come_back(
        self, gateway, wechat, token
    ):
        """The bucket's tokens pass, the next call does not reach WeChat."""
        change(gateway, "clients", "demo", rate={"per_second": 0.5, "burst": 3})
        wechat.script(USERS, OK)
        for _ in range(3):
            call(gateway, token)

        with pytest.raises(RateLimited) as caught:
            call(gateway, token)

        assert (caught.value.errcode, caught.value.retry_after) == (45009, 2)
        assert len(wechat.calls(USERS)) == 3

    def test_the_bucket_fills_again(self, gateway, wechat, token):
        """At the client's rate, by Redis' clock."""
        change(gateway, "clients", "demo", rate={"per_second": 50, "burst": 1})
        wechat.script(USERS, OK)
        passed, begun = 0, time.monotonic()
        while passed < 3 and time.monotonic() < begun + 10:
            try:
                call(gateway, token)
                passed += 1
            except RateLimited:
                pass

        assert (3, True) == (passed, time.monotonic() - begun > 0.03)

    def test_it_is_one_clients_and_one_apps(self, gateway, wechat, token, redis_server):
        """Each pair of client and app has its own bucket."""
        change(gateway, "clients", "demo", rate={"per_second": 1, "burst": 5})
        wechat.script(USERS, OK)
        call(gateway, token)

        client = redis_server.client()
        names = client.keys("gateway:credential:*:rate:*")
        client.close()
        assert names == [
            b"gateway:credential:{access_token:%s}:rate:demo" % SERVICE.encode()
        ]

    def test_wechats_shape_says_45009_with_retry_after(self, gateway, wechat, token):
        """HTTP 200 as WeChat answers, and a time to come back."""
        change(gateway, "clients", "demo", rate={"per_second": 0.5, "burst": 1})
        wechat.script(USERS, OK)
        event = {
            "rawPath": USERS,
            "queryParameters": {"access_token": token},
            "requestContext": {"http": {"method": "GET"}, "requestId": "r"},
        }
        call(gateway, token)

        answer = handler.with_gateway(gateway)(json.dumps(event).encode(), None)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"])["errcode"] == 45009
        assert answer["headers"]["Retry-After"] == "2"

    @pytest.mark.parametrize(
        "path",
        [
            "access_token",
            "jssdk_config?url=https://shop.example.com/",
            "quota?path=/cgi-bin/user/get",
        ],
    )
    def test_our_own_endpoints_are_under_it_too(self, gateway, wechat, token, path):
        """A loop in a service is limited on every path."""
        change(
            gateway,
            "clients",
            "demo",
            rate={"per_second": 0.5, "burst": 1},
            scopes={SERVICE: ["/*", "token:read"]},
        )
        change(gateway, "apps", SERVICE, js_domains=["shop.example.com"])
        ticket = {"ticket": "K", "expires_in": 7200}
        wechat.script("/cgi-bin/ticket/getticket", {**OK, **ticket})
        wechat.script("/cgi-bin/openapi/quota/get", OK)
        path, _, query = path.partition("?")
        bearer = (("authorization", f"Bearer {token}"),)
        request = ask(path=f"/{SERVICE}/{path}", query=query, headers=bearer)

        assert handle(request, gateway).status == 200
        with pytest.raises(RateLimited):
            handle(request, gateway)

    def test_a_retry_after_a_rejected_token_costs_no_second_token(
        self, gateway, wechat, token
    ):
        """The caller made one call."""
        change(gateway, "clients", "demo", rate={"per_second": 0.1, "burst": 1})
        wechat.script(STABLE, {"access_token": "75_fresh", "expires_in": 7200})
        wechat.script(USERS, {"errcode": 42001, "errmsg": "expired"}, OK)

        assert load(call(gateway, token)) == OK


class TestReport:
    def lines(self, caplog):
        logged = [each for each in caplog.records if each.name == "gateway.audit"]
        return [json.loads(each.getMessage()) for each in logged]

    def test_a_line_tells_who_called_what_and_what_came_of_it(
        self, gateway, wechat, token, caplog
    ):
        """With WeChat's rid, and no token, openid or query."""
        caplog.set_level(logging.INFO)
        refused = {
            "errcode": 40003,
            "errmsg": "invalid openid rid: 6aac005a-01bfdbee-79769285",
        }
        wechat.script(SEND, refused)

        call(gateway, token, SEND, "POST", body=b'{"touser":"o-1"}')

        (line,) = self.lines(caplog)
        assert {name: line[name] for name in line if not name.endswith("_ms")} == {
            "request_id": "req-1",
            "client": "demo",
            "app": SERVICE,
            "method": "POST",
            "path": SEND,
            "status": 200,
            "errcode": 40003,
            "rid": "6aac005a-01bfdbee-79769285",
            "outcome": "answered",
            "bytes_up": 16,
            "bytes_down": len(json.dumps(refused)),
            "tries": 1,
        }
        assert line["own_ms"] >= 0
        for secret in (token, "75_real", "o-1", CLIENT_SECRET):
            assert secret not in caplog.text

    def test_a_call_without_an_answer_is_told_too(self, gateway, wechat, token, caplog):
        """With our code in place of an answer."""
        caplog.set_level(logging.INFO)
        wechat.script(SEND, WeChatTimeout())
        with pytest.raises(OutcomeUnknown) as caught:
            call(gateway, token, SEND, "POST", body=b"{}")

        (line,) = self.lines(caplog)
        assert (line["outcome"], line["status"]) == ("outcome_unknown", 504)
        assert caught.value.errmsg == "outcome unknown: no answer in time"

    def test_a_repetition_shows(self, gateway, wechat, token, caplog):
        """Two tries, one line."""
        caplog.set_level(logging.INFO)
        wechat.script(USERS, BUSY, OK)
        call(gateway, token)

        assert [line["tries"] for line in self.lines(caplog)] == [2]

    def test_calls_are_counted_by_the_minute_and_the_day(
        self, gateway, wechat, token, clock, redis_server
    ):
        """By client, app, path and errcode, kept a day; midnight is China's."""
        wechat.script(USERS, OK, {"errcode": 40003, "errmsg": "invalid openid"}, OK)
        for _ in range(3):
            call(gateway, token)
            clock.now += 2

        client = redis_server.client()
        day = client.hgetall("gateway:calls:{20270115}")
        minute = client.hgetall("gateway:calls:{202701151600}")
        expected = {
            f"demo|{SERVICE}|{USERS}|0".encode(): b"2",
            f"demo|{SERVICE}|{USERS}|40003".encode(): b"1",
        }
        assert day == minute == expected
        assert 0 < client.pttl("gateway:calls:{202701151600}") <= 90_000_000
        client.close()
        assert gateway.counters.today("demo", SERVICE, USERS) == 2

    def test_a_busy_process_sends_its_counts_once_a_second(
        self, gateway, wechat, token, clock
    ):
        """None is lost on the way; the first second sends the count of the token."""
        wechat.script(USERS, OK)
        call(gateway, token)
        clock.now += 1
        for _ in range(5):
            call(gateway, token)
        before = gateway.counters.today("demo", SERVICE, USERS)
        clock.now += 1
        call(gateway, token)

        assert (before, gateway.counters.today("demo", SERVICE, USERS)) == (2, 7)

    def test_invented_paths_do_not_fill_redis(
        self, gateway, wechat, token, clock, redis_server
    ):
        """What WeChat does not know is counted as one."""
        for number in range(5):
            path = f"/cgi-bin/invented{number}"
            wechat.script(path, {"errcode": 40066, "errmsg": "invalid url"})
            call(gateway, token, path)
            clock.now += 2

        client = redis_server.client()
        counted = client.hgetall("gateway:calls:{20270115}")
        client.close()

        assert counted == {f"demo|{SERVICE}|unknown|40066".encode(): b"5"}


class TestRepetition:
    @pytest.mark.parametrize("first", [BUSY, WeChatUnavailable()], ids=["-1", "reset"])
    def test_a_read_is_repeated_once(self, gateway, wechat, token, first):
        """Where WeChat is busy or hangs up."""
        wechat.script(USERS, first, OK)

        assert load(call(gateway, token)) == OK
        assert len(wechat.calls(USERS)) == 2

    def test_a_read_is_not_repeated_twice(self, gateway, wechat, token):
        """The second -1 is the caller's."""
        wechat.script(USERS, BUSY)

        assert load(call(gateway, token)) == BUSY
        assert len(wechat.calls(USERS)) == 2

    @pytest.mark.parametrize("first", [BUSY, WeChatUnavailable()], ids=["-1", "reset"])
    def test_a_write_is_never_repeated(self, gateway, wechat, token, first):
        """A message sent twice is worse than an error."""
        wechat.script(SEND, first, OK)
        if isinstance(first, dict):
            assert load(call(gateway, token, SEND, "POST", body=b"{}")) == BUSY
        else:
            with pytest.raises(OutcomeUnknown):
                call(gateway, token, SEND, "POST", body=b"{}")

        assert len(wechat.calls(SEND)) == 1

    def test_a_write_of_which_nothing_was_sent_may_be_repeated(
        self, gateway, wechat, token
    ):
        """The error is the one that invites a retry: 502, and -1."""
        wechat.script(SEND, WeChatUnavailable(nothing_sent=True))
        with pytest.raises(WeChatUnavailable) as caught:
            call(gateway, token, SEND, "POST", body=b"{}")

        assert (caught.value.status, caught.value.errcode) == (502, -1)

    @pytest.mark.parametrize(("method", "status"), [("GET", 502), ("POST", 504)])
    def test_a_too_large_answer_to_a_write_invites_no_retry(
        self, gateway, wechat, token, method, status
    ):
        """502 would; the write has happened."""
        wechat.script("/cgi-bin/message/custom/info", AnswerTooLarge())
        with pytest.raises(AnswerTooLarge) as caught:
            call(gateway, token, "/cgi-bin/message/custom/info", method)

        assert (caught.value.status, caught.value.errcode) == (status, 45001)

    def test_a_posted_read_is_repeated_once(self, gateway, wechat, token):
        """WeChat reads by POST, too."""
        path = "/cgi-bin/user/info/batchget"
        wechat.script(path, WeChatUnavailable(), OK)

        assert load(call(gateway, token, path, "POST", body=b"{}")) == OK
        assert [each.body for each in wechat.calls(path)] == [b"{}", b"{}"]

    def test_a_read_that_timed_out_is_not_repeated(self, gateway, wechat, token):
        """The caller has waited long enough."""
        wechat.script(USERS, WeChatTimeout(), OK)
        with pytest.raises(WeChatTimeout):
            call(gateway, token)

        assert len(wechat.calls(USERS)) == 1


class TestOtherHosts:
    def hosts(self, gateway, reachable):
        """Let only one host answer; return the hosts that are tried."""
        tried = []

        def transport(method, url, *, headers, body, seconds):
            host = url.split("/")[2]
            tried.append(host)
            if host != reachable:
                raise WeChatUnreachable
            return Answer(200, (), json.dumps(OK).encode())

        wechat = WeChat(gateway.settings.wechat_api_url, transport, seconds=5)
        gateway.calls = Calls(wechat, gateway.custody)
        return tried

    def test_another_host_is_tried_where_none_is_reached(self, gateway, token):
        """In the app's order; nothing has been sent before, so a write may follow."""
        app = gateway.registry.app(SERVICE)
        gateway.calls.real_token(app)
        change(
            gateway,
            "apps",
            SERVICE,
            api_hosts=["api2.weixin.qq.com", "sh.api.weixin.qq.com"],
        )
        tried = self.hosts(gateway, "sh.api.weixin.qq.com")

        assert load(call(gateway, token, SEND, "POST", body=b"{}")) == OK
        assert tried == [
            "api.weixin.qq.com",
            "api2.weixin.qq.com",
            "sh.api.weixin.qq.com",
        ]

    def test_no_host_is_made_up(self, gateway, token):
        """Without a setting the configured one is all there is."""
        gateway.calls.real_token(gateway.registry.app(SERVICE))
        tried = self.hosts(gateway, "api2.weixin.qq.com")
        with pytest.raises(WeChatUnreachable):
            call(gateway, token, SEND, "POST", body=b"{}")

        assert tried == ["api.weixin.qq.com"]


def test_a_refused_address_is_explained(gateway, wechat):
    """40164 says which address WeChat saw, and where to allow it."""
    refused = {
        "errcode": 40164,
        "errmsg": "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist "
        "rid: 1",
    }
    wechat.script(STABLE, refused)
    who = f"grant_type=client_credential&appid={SERVICE}&secret={CLIENT_SECRET}"
    text = load(handle(ask(path="/cgi-bin/token", query=who), gateway))["access_token"]
    event = {
        "rawPath": USERS,
        "queryParameters": {"access_token": text},
        "requestContext": {"http": {"method": "GET"}, "requestId": "r"},
    }

    answer = handler.with_gateway(gateway)(json.dumps(event).encode(), None)

    told = json.loads(answer["body"])
    assert told["errcode"] == refused["errcode"]
    # By WeChat's own rid the call, with the AppSecret, could be read.
    assert told["errmsg"].startswith(refused["errmsg"].removesuffix(" 1"))
    assert told["errmsg"] != refused["errmsg"]
    assert "as 203.0.113.9: add it to" in answer["headers"]["X-Gateway-Hint"]
