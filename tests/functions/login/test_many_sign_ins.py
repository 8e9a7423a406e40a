"""Many sign-ins in one browser: their cookies stay within the limits of hosts."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from runtime.errors import ConsentRefused, FlowExpired
from runtime.sign_in.authorization_request import OIDC, AuthorizationRequest
from runtime.sign_in.flows import COOKIE_SECONDS, MOST_COOKIES, Flow
from tests.support.client_sign_in import BACK, Visit
from tests.support.handles import login
from tests.support.refusal import refusal
from tests.support.scripted_wechat import SERVICE, ask, change, cookie

HEADERS = 8192
"""Bytes that Function Compute takes, all headers together."""

LONGEST_ID = "c" * 64


class Tabs:
    """A browser that keeps its cookies and begins one sign-in after another."""

    def __init__(self, gateway):
        self.flows, self.cookies = gateway.flows, {}

    @property
    def request(self):
        return ask(cookies=self.cookies)

    @property
    def size(self):
        return len(self.request.header("cookie"))

    def begin(self, *, client_id=LONGEST_ID):
        asked = AuthorizationRequest(OIDC, client_id, "https://a.example", "/again")
        flow = Flow("/", (SERVICE,), language="zh_CN", request=asked)
        started = self.flows.start(flow, self.request)
        name, _, rest = started.cookie[1].partition("=")
        self.cookies[name] = rest.split(";")[0]
        return started.state

    def is_theirs(self, state):
        try:
            self.flows.check_browser(self.flows.find(state), state, self.request)
        except FlowExpired:
            return False
        return True


@pytest.fixture
def tabs(gateway):
    return Tabs(gateway)


@pytest.mark.case(118)
def test_three_hundred_of_one_browser(tabs):
    """The newest cookie is always valid, and the headers stay within the limit."""
    good = []
    for _ in range(300):
        state = tabs.begin()
        good.append(tabs.is_theirs(state))

    assert [True] * 300 == good
    assert len(tabs.cookies) == MOST_COOKIES
    assert tabs.size <= HEADERS / 2


@pytest.mark.case(39)
def test_as_many_as_there_is_room_for_do_not_disturb_each_other(tabs):
    """Each tab has a cookie of its own until there are too many."""
    states = [tabs.begin() for _ in range(MOST_COOKIES)]

    assert [True] * MOST_COOKIES == [tabs.is_theirs(state) for state in states]


@pytest.mark.case(39)
def test_one_too_many_costs_one(tabs):
    """A different one is removed each time, not always the newest."""
    states = [tabs.begin() for _ in range(MOST_COOKIES + 1)]
    lost = [state for state in states if not tabs.is_theirs(state)]
    latest = [tabs.begin() for _ in range(8)]

    assert [states[-1][:8]] == [state[:8] for state in lost]
    assert 1 < len({state[:8] for state in latest})


@pytest.mark.case(32)
def test_what_begins_anew_by_itself(gateway):
    """A restarted sign-in takes the name of an existing cookie."""
    visit = Visit(gateway)
    begun = visit.get(login, "/", "")
    brought = {f"__Host-flow_{n:08x}": "x" for n in range(MOST_COOKIES)}
    visit.cookies = dict(brought)
    again = visit.agree(begun)

    assert cookie(again).keys() <= brought.keys()


@pytest.mark.case(36)
def test_a_state_stays_a_secret(tabs):
    """96 bits of it are random, whatever name the browser sends."""
    tabs.cookies = {f"__Host-flow_{n:08x}": "x" for n in range(MOST_COOKIES)}
    states = [tabs.begin() for _ in range(100)]

    assert {state[:8] for state in states} <= {f"{n:08x}" for n in range(MOST_COOKIES)}
    assert 100 == len({state[8:] for state in states})
    assert {32} == {len(state) for state in states}


@pytest.mark.parametrize(
    "name", ["flow_0000000", "flow_000000000", "flow_0000000g", "x_flow_00000000", "f"]
)
def test_other_cookies_are_not_counted(tabs, name):
    """Their names cannot be the names of flow cookies."""
    tabs.cookies = {f"{name}{'x' * n}": "x" for n in range(MOST_COOKIES)}
    state = tabs.begin()

    assert tabs.is_theirs(state)
    assert "00000000" != state[:8]


def test_the_cookie_outlives_the_flow(tabs):
    """It lives an hour; for this time an error page links to the client."""
    state = tabs.begin(client_id="shop")
    started = tabs.flows.start(Flow("/", (SERVICE,)), tabs.request)
    kept = tabs.flows.cookies.of(tabs.request, state)

    assert f"Max-Age={COOKIE_SECONDS};" in started.cookie[1]
    assert ("shop", "zh_CN") == (kept.client_id, kept.language)


@pytest.mark.case(118)
@pytest.mark.parametrize("way", ["own page", "client"])
def test_three_hundred_from_the_address_on(gateway, way):
    """Started by real requests: the callback of the last one is accepted."""
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    visit = Visit(gateway)
    for _ in range(300):
        begun = visit.connect() if way == "client" else visit.get(login, "/", "")
    with refusal(ConsentRefused) if way == "own page" else nullcontext():
        visit.agree(begun, code=None)

    assert MOST_COOKIES == len(visit.cookies)
