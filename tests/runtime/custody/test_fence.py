"""The fence: a late answer never overwrites a newer one."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.errors import WeChatRefused
from tests.runtime.custody.credential_sources import (
    QUICK,
    ClockedStore,
    ScriptedSource,
    all_at_once,
    fields,
    make_custody,
    make_lease,
    make_store,
)

SLOW = replace(QUICK, lease=5, renew_every=60)

FROZEN = replace(QUICK, renew_every=60)
"""The pace of a holder that renews nothing: its lease runs out during its fetch."""


class TestFence:
    def test_a_late_answer_is_refused(self, redis_server):
        """The holder that slept past its lease does not overwrite the new value."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["OLD"])
        quick = ScriptedSource(answers=["NEW"])
        late.gate = lambda: (asleep.set(), awake.wait(5))
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(make_custody(redis_server, pace=FROZEN).get, late)
            asleep.wait(5)
            other = make_custody(redis_server).get(quick).value
            awake.set()

            given = frozen.result(5)
            assert (other, given.value) == ("NEW", "NEW")
            assert 7165 < given.seconds <= 7170
        assert fields(redis_server)["value"] == "NEW"

    @pytest.mark.parametrize(
        ("asleep_for", "expected"), [(14.999, ["T1", "T1"]), (15, ["T2", "T2"])]
    )
    def test_who_slept_too_long_stores_nothing(
        self, redis_server, asleep_for, expected
    ):
        """A late renewal is no harm; ten seconds later the answer may be outdated."""
        source, store = ScriptedSource(), make_store(redis_server, ClockedStore)
        custody = make_custody(redis_server, store=store, pace=SLOW)

        def sleep():
            source.gate = None
            store.now += asleep_for

        source.gate = sleep

        assert [custody.get(source).value for _ in range(2)] == expected

    @pytest.mark.parametrize(("retires", "fetches"), [(True, 2), (False, 1)])
    def test_a_refused_answer_may_have_retired_the_stored_one(
        self, redis_server, retires, fetches
    ):
        """In plain mode the stored value is replaced early, in stable mode not."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["OLD"], retires=retires)
        quick = ScriptedSource(answers=["NEW"], retires=retires)
        other = make_custody(redis_server)
        late.gate = lambda: (asleep.set(), awake.wait(5))
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(make_custody(redis_server, pace=FROZEN).get, late)
            asleep.wait(5)
            other.get(quick)
            awake.set()
            frozen.result(5)
        for _ in range(3):
            other.get(quick)

        assert len(quick.fetched) == fetches

    @pytest.mark.parametrize("answer", ["FORCED", WeChatRefused(40164, "invalid ip")])
    def test_a_late_forced_fetch_may_have_retired_the_stored_value(
        self, redis_server, answer
    ):
        """In stable mode, too: the value is replaced early, whatever came of it."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["A", "A", answer])
        quick = ScriptedSource(answers=["B", "C"])
        late.gate = lambda: late.fetched[-1] and (asleep.set(), awake.wait(5))
        custody = make_custody(redis_server, pace=FROZEN)
        other = make_custody(redis_server)
        custody.reject(late, custody.get(late).value)
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(custody.get, late)
            asleep.wait(5)
            found = [other.get(quick).value]
            awake.set()
            frozen.exception(5)
        found += [other.get(quick).value for _ in range(3)]

        assert late.fetched == [False, False, True]
        assert found == ["B", "C", "C", "C"]

    def test_a_refused_answer_taints_the_fetch_that_is_under_way(self, redis_server):
        """Nobody knows which came later at WeChat: one more fetch replaces both."""
        first, second = threading.Event(), threading.Event()
        went = threading.Semaphore(0)
        late = ScriptedSource(answers=["OLD"], retires=True)
        next_ = ScriptedSource(answers=["NEW"], retires=True)
        late.gate = lambda: (went.release(), first.wait(5))
        next_.gate = lambda: (went.release(), second.wait(5))
        one, two = make_custody(redis_server, pace=FROZEN), make_custody(redis_server)
        with ThreadPoolExecutor(2) as pool:
            frozen = pool.submit(one.get, late)
            went.acquire(timeout=5)
            holder = pool.submit(two.get, next_)
            went.acquire(timeout=5)
            first.set()
            while "suspect" not in fields(redis_server):
                time.sleep(0.005)
            second.set()
            assert {frozen.result(5).value, holder.result(5).value} == {"NEW"}
        next_.gate = None

        assert [two.get(next_).value for _ in range(3)] == ["T2"] * 3

    def test_a_dead_holder_costs_the_rest_of_its_lease(self, redis_server):
        """The next one takes over when the lease has run out."""
        source, custody = ScriptedSource(), make_custody(redis_server)
        make_lease(redis_server).acquire("dead", revision="1")
        began = time.monotonic()

        assert custody.get(source).value == "T1"
        assert 0.2 < time.monotonic() - began

    def test_a_slow_fetch_keeps_its_lease(self, redis_server):
        """It is renewed for as long as its holder lives."""
        source = ScriptedSource(gate=lambda: time.sleep(0.8))
        custodies = [make_custody(redis_server) for _ in range(3)]

        tokens = all_at_once([lambda c=c: c.get(source).value for c in custodies])

        assert tokens == ["T1"] * 3
        assert source.fetched == [False]
