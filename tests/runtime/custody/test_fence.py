"""The fence: a late answer never overwrites a newer one."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.support.credential_sources import (
    QUICK,
    ScriptedSource,
    all_at_once,
    fields,
    make_custody,
    make_lease,
    set_field,
)

SLOW = replace(QUICK, lease=5, renew_every=2)


class TestFence:
    def test_a_late_answer_is_refused(self, redis_server):
        """The holder that slept past its lease does not overwrite the new value."""
        asleep, awake = threading.Event(), threading.Event()
        late = ScriptedSource(answers=["OLD"])
        quick = ScriptedSource(answers=["NEW"])
        custody = make_custody(redis_server)

        def sleep_past_the_lease():
            asleep.set()
            awake.wait(5)

        late.gate = sleep_past_the_lease
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(custody.get, late)
            asleep.wait(5)
            set_field(redis_server, "lease_until", 1)
            other = make_custody(redis_server).get(quick).value
            awake.set()

            assert (other, frozen.result(5).value) == ("NEW", "NEW")
        assert fields(redis_server)["value"] == "NEW"

    @pytest.mark.parametrize(
        ("asleep_for", "expected"), [(5, ["T1", "T1"]), (3600, ["T2", "T2"])]
    )
    def test_who_slept_too_long_stores_nothing(
        self, redis_server, asleep_for, expected
    ):
        """A late renewal is no harm; an hour later the answer may be dead at WeChat."""
        source, custody = ScriptedSource(), make_custody(redis_server, pace=SLOW)

        def sleep():
            source.gate = None
            set_field(
                redis_server,
                "lease_until",
                int(time.time() * 1000) - asleep_for * 1000,
            )

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
        custody, other = make_custody(redis_server), make_custody(redis_server)
        late.gate = lambda: (asleep.set(), awake.wait(5))
        with ThreadPoolExecutor(1) as pool:
            frozen = pool.submit(custody.get, late)
            asleep.wait(5)
            set_field(redis_server, "lease_until", 1)
            other.get(quick)
            awake.set()
            frozen.result(5)
        for _ in range(3):
            other.get(quick)

        assert len(quick.fetched) == fetches

    def test_a_refused_answer_taints_the_fetch_that_is_under_way(self, redis_server):
        """Nobody knows which came later at WeChat: one more fetch settles it."""
        first, second = threading.Event(), threading.Event()
        went = threading.Semaphore(0)
        late = ScriptedSource(answers=["OLD"], retires=True)
        next_ = ScriptedSource(answers=["NEW"], retires=True)
        late.gate = lambda: (went.release(), first.wait(5))
        next_.gate = lambda: (went.release(), second.wait(5))
        one, two = make_custody(redis_server), make_custody(redis_server)
        with ThreadPoolExecutor(2) as pool:
            frozen = pool.submit(one.get, late)
            went.acquire(timeout=5)
            set_field(redis_server, "lease_until", 1)
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
