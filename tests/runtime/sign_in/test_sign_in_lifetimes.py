"""Lifetimes of flows, their cookies, sessions and sign-outs, as the docs promise them.

Redis tells the life of a key; what is signed is checked at a time that is a parameter.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from runtime.errors import NotSignedIn, WeChatUnavailable
from runtime.gateway import Gateway
from runtime.sign_in.flows import Flow, Flows
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.web.messages import Request

NOW = 1_800_000_000
DAY = 86400
SLACK_MS = 2000
"""How long a test may take to look at what it has stored."""


@pytest.fixture
def store(redis_server):
    return RedisStore(lambda: connect(redis_server.url))


@pytest.fixture
def flows(store):
    return Flows(store, secure=True)


@pytest.fixture
def is_life(redis_server):
    """Tell whether the one key of this pattern lives so many seconds."""
    client = redis_server.client()

    def check(pattern, seconds):
        (key,) = client.scan_iter(pattern)
        return 0 <= seconds * 1000 - client.pttl(key) <= SLACK_MS

    yield check
    client.close()


def sessions_of(settings, *, days):
    return Gateway(replace(settings, session_days=days)).sessions


def sent(header):
    """Return a request that sends back the cookie of a Set-Cookie header."""
    pair = header[1].partition(";")[0]
    return Request("GET", "/", headers=(("cookie", pair),))


def max_age(header):
    (morsel,) = SimpleCookie(header[1]).values()
    return int(morsel["max-age"])


def test_a_flow_lives_ten_minutes_and_its_cookie_an_hour(flows, is_life):
    """A user who comes back in between is led to the client."""
    started = flows.start(Flow("/", ("wx1",)))

    assert is_life("gateway:flow:*", 600)
    assert max_age(started.cookie) == 3600


def test_an_exchange_has_half_a_minute_and_its_result_a_minute(flows, is_life):
    """Nobody exchanges the code again for as long as the flow lives."""
    state = flows.start(Flow("/", ("wx1",))).state

    def exchange():
        assert is_life("gateway:flow:*:exchange", 30)
        return {"sub": "u-1"}

    flows.once(state, exchange)

    assert is_life("gateway:flow:*:done", 60)
    assert is_life("gateway:flow:*:exchange", 600)


def test_a_failure_is_told_for_half_a_second(flows, redis_server):
    """To callers that wait; later ones try again."""
    state = flows.start(Flow("/", ("wx1",))).state

    def exchange():
        raise WeChatUnavailable

    with pytest.raises(WeChatUnavailable):
        flows.once(state, exchange)
    client = redis_server.client()
    (left,) = [client.pttl(key) for key in client.scan_iter("gateway:flow:*:done")]
    client.close()

    assert 0 < left <= 500
    assert flows.once(state, lambda: {"sub": "u-1"}).fields == {"sub": "u-1"}


def test_callers_wait_four_seconds_for_the_result(store):
    """Not longer than that, and not shorter."""
    asked = []

    class Recorded:
        def __getattr__(self, name):
            return getattr(store, name)

        def wait(self, key, *, seconds):
            asked.append(seconds)
            return json.dumps({"sub": "u-1"}).encode()

    def repeat():
        return pool.submit(flows.once, state, dict).result().fields

    flows = Flows(Recorded(), secure=True)
    state = flows.start(Flow("/", ("wx1",))).state
    with ThreadPoolExecutor(1) as pool:
        flows.once(state, repeat)

    assert asked == [4.0]


@pytest.mark.parametrize("days", [7, 60])
def test_a_session_lives_as_many_days_as_the_setting_says(settings, is_life, days):
    """Its key, its cookie, and the value in the cookie and in the Bearer token."""
    sessions = sessions_of(settings, days=days)
    session = sessions.begin("u-1", {}, now=NOW)
    cookie = sessions.cookie(session, now=NOW)
    bearer = f"Bearer {sessions.token(session, now=NOW)}"
    by_token = Request("GET", "/", headers=(("authorization", bearer),))

    assert is_life("gateway:session:*", days * DAY)
    assert max_age(cookie) == days * DAY
    for request in (sent(cookie), by_token):
        assert sessions.of(request, now=NOW + days * DAY)
        assert sessions.of(request, now=NOW + days * DAY + 1) is None


@pytest.mark.parametrize(("days", "expected"), [(7, 30), (30, 30), (60, 60)])
def test_a_sign_out_is_known_as_long_as_anything_before_it_lives(
    settings, is_life, days, expected
):
    """Refresh tokens live thirty days, and a session may live longer."""
    sessions_of(settings, days=days).end_all("u-1")

    assert is_life("gateway:signed_out:*", expected * DAY)


def test_a_sign_out_ends_what_began_up_to_its_second(settings):
    """By Redis' clock; a sign-in a second later is a new one."""
    sessions = sessions_of(settings, days=7)
    ended_at = sessions.end_all("u-1")
    before, same, after = (
        sessions.begin("u-1", {"name": "张三"}, now=ended_at + age)
        for age in (-1, 0.9, 1)
    )

    for session in (before, same):
        with pytest.raises(NotSignedIn):
            sessions.profile(session)
    assert sessions.profile(after) == {"name": "张三"}
