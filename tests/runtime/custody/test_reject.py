"""Rejected values: dropped once, within bounds, never a newer one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.errors import WeChatUnavailable
from tests.runtime.custody.credential_sources import (
    QUICK,
    ClockedStore,
    ScriptedSource,
    StalledStore,
    all_at_once,
    make_custody,
    make_store,
    make_upkeep,
)


class TestReject:
    def test_a_rejected_value_is_replaced_once(self, redis_server):
        """However many callers saw it fail."""
        source = ScriptedSource()
        custodies = [make_custody(redis_server) for _ in range(4)]
        value = custodies[0].get(source).value

        def again(custody):
            custody.reject(source, value)
            return custody.get(source).value

        assert set(all_at_once([lambda c=c: again(c) for c in custodies * 25])) == {
            "T2"
        }
        assert len(source.fetched) == 2

    def test_a_late_rejection_drops_nothing(self, redis_server):
        """Only the very value that failed is dropped, never a newer one."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        value = custody.get(source).value
        custody.reject(source, value)
        custody.get(source)
        custody.reject(source, value)

        assert custody.get(source).value == "T2"
        assert len(source.fetched) == 2

    def test_stable_mode_forces_when_it_answers_with_the_rejected_value(
        self, redis_server
    ):
        """WeChat's stable token stays the same until it is forced."""
        source = ScriptedSource(answers=["SAME", "SAME", "FORCED"])
        custody = make_custody(redis_server)
        custody.reject(source, custody.get(source).value)

        assert custody.get(source).value == "FORCED"
        assert source.fetched == [False, False, True]

    @pytest.mark.parametrize(("a_day", "wait"), [(1, 30), (20, 29.999)])
    def test_beyond_the_limits_of_forcing_the_value_stays(
        self, redis_server, caplog, a_day, wait
    ):
        """WeChat calls it current: one caller's 40001 is not everybody's outage."""
        source = ScriptedSource(answers=["A", "A", "B", "B"])
        shared = {
            "store": make_store(redis_server, ClockedStore),
            "pace": replace(QUICK, forced_a_day=a_day),
        }
        custody = make_custody(redis_server, **shared)
        for value in "AB":
            assert custody.get(source).value == value
            custody.reject(source, value)
        shared["store"].now += wait
        others = [
            make_custody(redis_server, **shared).get(source).value for _ in range(3)
        ]

        assert others == ["B"] * 3
        assert "force_refresh is used up, 20 a day and 30 s apart" in caplog.text
        assert custody.reject(source, "B") is False
        assert custody.get(source).value == "B"
        assert source.fetched == [False, False, True, False]

    def test_a_value_that_never_works_costs_few_fetches(self, redis_server):
        """Twenty at once and sixty an hour; beyond, WeChat's 40001 is the answer."""
        source, store = (
            ScriptedSource(retires=True),
            make_store(redis_server, ClockedStore),
        )
        custody = make_custody(redis_server, store=store)
        dropped = [custody.reject(source, custody.get(source).value) for _ in range(50)]

        assert dropped == [True] * 20 + [False] * 30
        assert len(source.fetched) == 21
        store.now += 60
        assert custody.reject(source, custody.get(source).value)

    def test_rejections_that_were_right_cost_nothing(self, redis_server):
        """Somebody retires our tokens again and again; each one is good at first."""
        source, custody = ScriptedSource(retires=True), make_custody(redis_server)
        for _ in range(30):
            assert custody.reject(source, custody.get(source).value)
            custody.get(source)
            custody.refund(source)

        assert len(source.fetched) == 31


def test_nobody_joins_a_thread_that_asked_before_the_rejection(redis_server):
    """It may have got the rejected value; who comes later asks Redis anew."""
    source, store = ScriptedSource(), make_store(redis_server, StalledStore)
    custody = make_custody(redis_server, store=store, pace=replace(QUICK, wait=2))
    custody.get(source)
    store.stalled = True
    with ThreadPoolExecutor(1) as threads:
        earlier = threads.submit(custody.get, source)
        assert store.has_answered.wait(20)
        custody.reject(source, "T1")
        later = custody.get(source).value
        store.goes_on.set()

    assert ("T1", "T2") == (earlier.result().value, later)
    assert "T2" == custody.get_recent(source).value


def test_a_rejection_is_logged_once(redis_server, caplog):
    """With the credential's name and without its value."""
    source, custody = ScriptedSource(), make_custody(redis_server)
    value = custody.get(source).value
    with caplog.at_level("INFO", "gateway.custody"):
        custody.reject(source, value)
        custody.reject(source, value)

    expected = "access_token:wx1: value rejected by WeChat, dropped"
    assert [expected] == caplog.messages


def test_a_refund_without_redis_is_no_error(own_redis):
    """The call that found the new value good has its answer."""
    source, custody = ScriptedSource(), make_custody(own_redis)
    own_redis.stop()

    assert custody.refund(source) is None


def test_a_value_that_cannot_be_replaced_by_force_is_logged(redis_server, caplog):
    """Once force_refresh is used up, the value stays and an operator reads why."""
    source = ScriptedSource(answers=["SAME", "SAME"])
    custody = make_custody(redis_server, pace=replace(QUICK, forced_a_day=0))
    custody.get(source)
    custody.reject(source, "SAME")

    assert "SAME" == custody.get(source).value
    assert [False, False] == source.fetched
    expected = (
        "access_token:wx1: rejected, but current at WeChat; force_refresh is used up, "
        "20 a day and 30 s apart"
    )
    assert [expected] == caplog.messages


def test_a_forced_fetch_is_forced_at_each_attempt(redis_server):
    """A network failure does not turn it into one that gives the rejected value."""
    busy = [WeChatUnavailable(errmsg="system busy")] * 2
    source = ScriptedSource(answers=["SAME", "SAME", *busy, "FORCED"])
    custody, upkeep = make_custody(redis_server), make_upkeep(redis_server)
    custody.get(source)
    custody.reject(source, "SAME")

    assert "FORCED" == custody.get(source).value
    assert [False, False, True, True, True] == source.fetched
    report = upkeep.describe(source)
    assert (5, 1) == (report.fetches_today, report.forced_today)
