"""Flows: their state and cookie, how many a browser keeps, and one result each."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

import pytest

from runtime.errors import (
    CookieMissing,
    FlowExpired,
    ServiceUnavailable,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.sign_in.authorization_request import OIDC, AuthorizationRequest
from runtime.sign_in.flows import MOST_COOKIES, Flow, FlowCookie, FlowCookies, Flows
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.web.messages import Request
from tests.support.relay import Relay

STATE = "0123456789abcdef" * 2
RESULT = {"sub": "u-1", "name": "张三"}


def make_flows(url, *, secure=True, **more):
    return Flows(RedisStore(lambda: connect(url)), secure=secure, **more)


@pytest.fixture
def flows(redis_server):
    return make_flows(redis_server.url)


def browser(*names):
    """Return a request with these flow cookies."""
    pairs = "; ".join(f"__Host-flow_{name}=x" for name in names)
    return Request("GET", "/", headers=(("cookie", pairs),))


def sent(started):
    """Return a request that sends back the cookie of a flow."""
    pair = started.cookie[1].partition(";")[0]
    return Request("GET", "/", headers=(("cookie", pair),))


class TestCookie:
    @pytest.mark.parametrize(
        ("secure", "name"), [(True, "__Host-flow_01234567"), (False, "flow_01234567")]
    )
    def test_the_header(self, secure, name):
        """Its name has a part of the state, and by https a prefix."""
        header = FlowCookies(secure=secure).header(STATE, FlowCookie("s", "zh", "shop"))
        flags = ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax"]
        expected = [f"{name}=s.zh.shop", *flags, *(["Secure"] if secure else [])]

        assert ("Set-Cookie", "; ".join(expected)) == header

    @pytest.mark.parametrize("secure", [True, False])
    def test_it_is_read_as_it_was_written(self, secure):
        """By the state of its own flow only."""
        cookies, cookie = FlowCookies(secure=secure), FlowCookie("s", "zh", "shop")
        pair = cookies.header(STATE, cookie)[1].partition(";")[0]
        request = Request("GET", "/", headers=(("cookie", pair),))

        assert cookie == cookies.of(request, STATE)
        assert cookies.of(request, "f" * 32) is None

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("s", FlowCookie("s", "", "")),
            ("s.zh", FlowCookie("s", "zh", "")),
            ("s..shop", FlowCookie("s", "", "shop")),
            ("s.zh.a.b", FlowCookie("s", "zh", "a.b")),
        ],
    )
    def test_the_parts_of_its_value(self, value, expected):
        """Secret, language and client."""
        headers = (("cookie", f"__Host-flow_01234567={value}"),)

        assert expected == FlowCookies(secure=True).of(
            Request("GET", "/", headers=headers), STATE
        )


class TestStart:
    @pytest.mark.parametrize("secure", [True, False])
    def test_the_cookie_of_a_new_flow(self, redis_server, secure):
        """It has 128 random bits, the language, and the client that asks."""
        flows = make_flows(redis_server.url, secure=secure)
        asked = AuthorizationRequest(OIDC, "shop", "https://a.example", "/again")
        plain = flows.start(Flow("/", ("wx1",)))
        full = flows.start(Flow("/", ("wx1",), language="zh", request=asked))
        cookies = [flows.cookies.of(sent(each), each.state) for each in (plain, full)]
        found = flows.find(full.state)
        other = sent(replace(full, cookie=flows.cookies.header(full.state, cookies[0])))

        assert full.cookie[1].startswith("__Host-flow_" if secure else "flow_")
        assert all(re.fullmatch("[0-9a-f]{32}", each.secret) for each in cookies)
        assert [("", ""), ("zh", "shop")] == [
            (each.language, each.client_id) for each in cookies
        ]
        assert (asked, "zh", ("wx1",)) == (found.request, found.language, found.appids)
        flows.check_browser(found, full.state, sent(full))
        with pytest.raises(FlowExpired) as of_other:
            flows.check_browser(found, full.state, other)
        assert not isinstance(of_other.value, CookieMissing)
        with pytest.raises(CookieMissing):
            flows.check_browser(found, full.state, browser())

    def test_a_browser_keeps_so_many_cookies(self, flows):
        """One more takes the place of any of them; what else it has does not count."""
        names = [f"{number:08x}" for number in range(MOST_COOKIES)]
        few = flows.start(Flow("/", ("wx1",)), browser(*names[1:], "other"))
        states = [
            flows.start(Flow("/", ("wx1",)), browser(*names)).state for _ in range(60)
        ]

        assert few.state[:8] not in names
        assert all(state[:8] in names for state in states)
        assert len({state[:8] for state in states}) > 10
        assert 60 == len({state[8:] for state in states})

    def test_the_choice_is_random_over_all(self, redis_server):
        """32 bits, of which the rest of a division chooses."""
        asked = []

        def random(size):
            asked.append(size)
            return "f" * (2 * size) if size == 4 else secrets.token_hex(size)

        flows = make_flows(redis_server.url, random=random)
        names = [f"{number:08x}" for number in range(MOST_COOKIES + 1)]
        state = flows.start(Flow("/", ("wx1",)), browser(*names)).state

        assert [16, 4, 16] == asked
        assert names[0xFFFFFFFF % (MOST_COOKIES + 1)] == state[:8]

    @pytest.mark.parametrize(
        "state", [None, "", STATE[:-1], STATE + "0", STATE.upper(), STATE[:-1] + "\n"]
    )
    def test_what_is_no_state(self, state):
        """It is refused without asking Redis."""

        def connect_nowhere():
            raise AssertionError("asked")

        with pytest.raises(FlowExpired):
            Flows(RedisStore(connect_nowhere), secure=True).find(state)


class TestResult:
    def test_the_first_is_told_from_a_repetition(self, flows):
        """Both have the same fields."""
        state = flows.start(Flow("/", ("wx1",))).state
        first, second = (flows.once(state, lambda: RESULT) for _ in range(2))

        assert (RESULT, False) == (first.fields, first.repeated)
        assert (RESULT, True) == (second.fields, second.repeated)

    @pytest.mark.parametrize("step", ["claim", "finish", "give up"])
    def test_an_answer_that_was_lost(self, redis_server, step):
        """The step is repeated, and the code is exchanged once."""
        with Relay(redis_server.port) as proxy:
            flows = make_flows(proxy.url)
            state = flows.start(Flow("/", ("wx1",))).state
            exchanged = []

            def exchange():
                exchanged.append(state)
                if step != "claim":
                    proxy.begin(swallow=1)
                if step == "give up":
                    raise WeChatUnavailable
                return RESULT

            if step == "claim":
                proxy.begin(swallow=1)
            if step == "give up":
                with pytest.raises(WeChatUnavailable):
                    flows.once(state, exchange)
                assert RESULT == flows.once(state, lambda: RESULT).fields
            else:
                assert RESULT == flows.once(state, exchange).fields
                assert RESULT == flows.once(state, exchange).fields

            assert proxy.swallowed
            assert [state] == exchanged

    def test_a_failure_is_told_though_redis_is_away(self, own_redis):
        """The caller has the error of the exchange; the mark ends by itself."""
        flows = make_flows(own_redis.url)
        state = flows.start(Flow("/", ("wx1",))).state

        def exchange():
            own_redis.stop()
            raise WeChatUnavailable

        with pytest.raises(WeChatUnavailable):
            flows.once(state, exchange)

    def test_a_result_that_cannot_be_stored(self, own_redis):
        """It is an error of the gateway: a repetition could not get it."""
        flows = make_flows(own_redis.url)
        state = flows.start(Flow("/", ("wx1",))).state

        def exchange():
            own_redis.stop()
            return RESULT

        with pytest.raises(ServiceUnavailable):
            flows.once(state, exchange)

    def test_a_result_that_does_not_come(self, redis_server):
        """Who waits in vain is told that WeChat did not answer in time."""
        flows = make_flows(redis_server.url, wait_seconds=0.1)
        state = flows.start(Flow("/", ("wx1",))).state
        told = []

        def exchange():
            with pytest.raises(WeChatTimeout) as caught:
                flows.once(state, dict)
            told.append(caught.value.status)
            return RESULT

        flows.once(state, exchange)

        assert [504] == told
