"""Recent values: a second without a round trip, and no promise less."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.custody.protocol import CredentialValue, RateCost
from runtime.custody.recent_values import RecentValues
from runtime.registry.models import App
from runtime.upstream.answer import Answer
from runtime.wechat.api import WeChat
from runtime.wechat.calls import Calls
from tests.runtime.custody.credential_sources import (
    ScriptedSource,
    WatchedStore,
    make_custody,
    make_due,
    make_store,
)

REFUSAL = b'{"errcode":40001,"errmsg":"invalid credential"}'
APP = App("wx1", "service", "f" * 32)
FREE = RateCost("shop", per_second=1000, burst=1000)


class Clocks:
    """Two clocks that tests set."""

    def __init__(self):
        self.steady, self.wall = 1000.0, 5000.0

    def pass_(self, *, steady=0.0, wall=0.0):
        self.steady += steady
        self.wall += wall

    def recent_values(self, *, due_before=120.0):
        return RecentValues(
            lambda: self.steady, wall=lambda: self.wall, due_before=due_before
        )

    def custody(self, redis_server, *, store=None):
        """Return custody on these clocks."""
        clocks = {"clock": lambda: self.steady, "wall": lambda: self.wall}
        return make_custody(redis_server, store=store, **clocks)


class CallsOf(Calls):
    """Calls of WeChat with the values of one scripted source."""

    def __init__(self, custody, source, transport):
        wechat = WeChat("https://api.weixin.qq.com", transport, seconds=5)
        super().__init__(wechat, custody)
        self._source = source

    def real_token_source(self, app, path=""):
        return self._source


@pytest.fixture
def clocks():
    return Clocks()


class TestASecond:
    def test_calls_within_it_ask_nobody(self, redis_server, clocks):
        """One round trip a second, however many calls."""
        source, store = ScriptedSource(), make_store(redis_server, WatchedStore)
        custody = clocks.custody(redis_server, store=store)
        custody.get(source)
        store.scripts.clear()
        told = []
        for _ in range(30):
            told.append(custody.get_recent(source).value)
            clocks.pass_(steady=0.125, wall=0.125)

        assert ["T1"] * 30 == told
        assert 3 == len(store.scripts)

    def test_get_always_asks(self, redis_server, clocks):
        """A call is repeated with the value in Redis, and clients get that one."""
        source, custody = ScriptedSource(), clocks.custody(redis_server)
        custody.get(source)
        make_custody(redis_server).reject(source, "T1")

        assert "T1" == custody.get_recent(source).value
        assert "T2" == custody.get(source).value
        assert "T2" == custody.get_recent(source).value

    def test_the_cost_of_a_low_rate_is_paid_each_time(self, redis_server, clocks):
        """It can be taken in Redis only."""
        source, store = ScriptedSource(), make_store(redis_server, WatchedStore)
        custody = clocks.custody(redis_server, store=store)
        custody.get(source)
        store.scripts.clear()
        for _ in range(5):
            custody.get_recent(source, cost=RateCost("shop", per_second=19, burst=1000))

        assert 5 == len(store.scripts)

    def test_one_of_a_high_rate_is_paid_for_several_calls(self, redis_server, clocks):
        """Calls in quick succession ask Redis ever more rarely."""
        source, store = ScriptedSource(), make_store(redis_server, WatchedStore)
        custody = clocks.custody(redis_server, store=store)
        custody.get(source)
        store.scripts.clear()
        for _ in range(1 + 2 + 4 + 8 + 16):
            custody.get_recent(source, cost=FREE)

        assert 5 == len(store.scripts)

    def test_without_redis_it_goes_on_with_the_last_value(self, own_redis, clocks):
        """A value past its second counts again once Redis is found to be away."""
        source, custody = ScriptedSource(), clocks.custody(own_redis)
        custody.get(source)
        own_redis.stop()
        clocks.pass_(steady=60.0, wall=60.0)

        assert CredentialValue("T1", 7170.0 - 60) == custody.get_recent(source)


class TestItsEnd:
    @pytest.mark.parametrize("clock", ["steady", "wall"])
    def test_a_frozen_process_asks_when_it_wakes_up(self, clocks, clock):
        """Whichever clock has stood still: the other one has gone on."""
        memory, source = clocks.recent_values(), ScriptedSource()
        memory.see(source, CredentialValue("T1", 7000), asked_at=memory.now())
        clocks.pass_(**{clock: 0.9})
        assert CredentialValue("T1", 7000 - 0.9) == memory.recent(source)
        clocks.pass_(**{clock: 0.1})

        assert memory.recent(source) is None
        clocks.pass_(**{clock: 7000})
        assert memory.last(source) is None

    def test_a_wall_clock_that_is_set_back_prolongs_nothing(self, clocks):
        """The other clock counts."""
        memory, source = clocks.recent_values(), ScriptedSource()
        memory.see(source, CredentialValue("T1", 7000), asked_at=memory.now())
        clocks.pass_(steady=1.0, wall=-3600.0)

        assert memory.recent(source) is None

    def test_a_life_counts_from_before_the_question(self, clocks):
        """A process that was frozen meanwhile does not take the answer for new."""
        memory, source = clocks.recent_values(), ScriptedSource()
        asked_at = memory.now()
        clocks.pass_(wall=600.0)
        memory.see(source, CredentialValue("T1", 7000), asked_at=asked_at)

        assert memory.recent(source) is None
        assert CredentialValue("T1", 6400.0) == memory.last(source)

    @pytest.mark.parametrize(("left", "recent"), [(120.5, True), (120.0, False)])
    def test_a_value_that_may_be_due_is_asked_for(self, clocks, left, recent):
        """Some caller has to find it due, and in time."""
        memory, source = clocks.recent_values(), ScriptedSource()
        memory.see(source, CredentialValue("T1", left), asked_at=memory.now())

        assert recent == (memory.recent(source) is not None)

    def test_a_short_life_is_never_remembered(self, redis_server, clocks):
        """It may be due at any time; the caller that finds it due replaces it."""
        source, custody = ScriptedSource(seconds=100), clocks.custody(redis_server)
        custody.get(source)
        make_due(redis_server)

        assert "T2" == custody.get_recent(source).value

    @pytest.mark.parametrize("other", [{"revision": "2"}, {"name": "jsapi_ticket:wx1"}])
    def test_a_changed_app_and_another_credential(self, clocks, other):
        """A value fetched with the old secret is not used, nor another credential's."""
        memory, source = clocks.recent_values(), ScriptedSource()
        memory.see(source, CredentialValue("T1", 7000), asked_at=memory.now())

        assert memory.recent(replace(source, **other)) is None
        assert memory.recent(source) is not None


class TestRejected:
    def test_a_rejected_value_is_forgotten_at_once(self, redis_server, clocks):
        """The process that rejects it does not use it again."""
        source, custody = ScriptedSource(), clocks.custody(redis_server)
        custody.reject(source, custody.get(source).value)

        assert "T2" == custody.get_recent(source).value

    def test_an_answer_from_before_does_not_bring_it_back(self, clocks):
        """Redis was asked before the rejection, and its answer was read afterwards."""
        memory, source = clocks.recent_values(), ScriptedSource()
        asked_at = memory.now()
        clocks.pass_(steady=0.1, wall=0.1)
        memory.forget(source, "T1")
        memory.see(source, CredentialValue("T1", 7000), asked_at=asked_at)
        assert memory.last(source) is None
        clocks.pass_(steady=0.1, wall=0.1)
        memory.see(source, CredentialValue("T1", 7000), asked_at=memory.now())

        assert memory.recent(source) is not None

    def test_another_value_stays(self, clocks):
        """A late rejection of the one before costs nothing."""
        memory, source = clocks.recent_values(), ScriptedSource()
        memory.see(source, CredentialValue("T2", 7000), asked_at=memory.now())
        memory.forget(source, "T1")

        assert CredentialValue("T2", 7000) == memory.recent(source)

    def test_one_rejected_elsewhere_costs_one_refused_call(self, redis_server, clocks):
        """It is repeated and succeeds, and the next call succeeds at once."""
        dead, seen = set(), []

        def transport(method, url, *, headers, body, seconds):
            value = url.partition("access_token=")[2]
            seen.append(value)
            return Answer(200, (), REFUSAL if value in dead else b"{}")

        source = ScriptedSource()
        calls = CallsOf(clocks.custody(redis_server), source, transport)
        calls.send(APP, "POST", "/cgi-bin/x")
        dead.add("T1")
        make_custody(redis_server).reject(source, "T1")
        bodies = [calls.send(APP, "POST", "/cgi-bin/x").body for _ in range(2)]

        assert [b"{}", b"{}"] == bodies
        assert ["T1", "T1", "T2", "T2"] == seen
        assert 2 == len(source.fetched)

    def test_a_call_is_repeated_with_what_redis_has(self, redis_server, clocks):
        """Not with the value that the process has seen: it may be invalid, too."""
        source, custody, seen = ScriptedSource(), clocks.custody(redis_server), []
        elsewhere = make_custody(redis_server)

        def transport(method, url, *, headers, body, seconds):
            seen.append(url.partition("access_token=")[2])
            if len(seen) > 1:
                return Answer(200, (), b"{}")
            elsewhere.reject(source, "T1")
            custody.get(source)
            elsewhere.reject(source, "T2")
            return Answer(200, (), REFUSAL)

        CallsOf(custody, source, transport).send(APP, "POST", "/cgi-bin/x")

        assert ["T1", "T3"] == seen

    def test_many_threads_with_a_dead_value(self, redis_server):
        """Each call is refused at most once, and one fetch follows."""
        custody, source, dead = make_custody(redis_server), ScriptedSource(), {"T1"}
        refused = []

        def transport(method, url, *, headers, body, seconds):
            value = url.partition("access_token=")[2]
            if value not in dead:
                return Answer(200, (), b"{}")
            refused.append(value)
            return Answer(200, (), REFUSAL)

        calls = CallsOf(custody, source, transport)
        custody.get(source)
        with ThreadPoolExecutor(20) as pool:
            sent = [pool.submit(calls.send, APP, "GET", "/x") for _ in range(40)]
            bodies = {each.result(10).body for each in sent}

        assert {b"{}"} == bodies
        assert 1 <= len(refused) <= 40
        assert 2 == len(source.fetched)


def test_a_value_asked_for_when_it_was_rejected_is_not_remembered():
    """Redis may have answered before it knew; what it answers later counts."""
    clocks, source, value = Clocks(), ScriptedSource(), CredentialValue("T1", 7200.0)
    recent_values = clocks.recent_values()
    asked_at = recent_values.now()
    recent_values.forget(source, "T1")
    recent_values.see(source, value, asked_at=asked_at)
    assert recent_values.last(source) is None
    clocks.pass_(steady=0.001)
    recent_values.see(source, value, asked_at=recent_values.now())

    assert value == recent_values.last(source)


def test_the_last_value_is_known_until_its_end():
    """For when Redis is away; at its end it is not used any more."""
    clocks, source = Clocks(), ScriptedSource()
    recent_values = clocks.recent_values()
    asked_at = recent_values.now()
    recent_values.see(source, CredentialValue("T1", 10.0), asked_at=asked_at)
    lives = []
    for seconds in (0.0, 9.5, 0.5):
        clocks.pass_(steady=seconds)
        last = recent_values.last(source)
        lives.append(last.seconds if last else None)

    assert [10.0, 0.5, None] == lives
