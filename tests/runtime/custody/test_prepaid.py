"""Tolls paid ahead: fewer looks into Redis, and no call more than the rate allows."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.custody.prepaid_tolls import Purse
from runtime.custody.protocol import Toll
from runtime.errors import RateLimited
from tests.support.credential_sources import ScriptedSource, make_custody

HIGH = Toll("shop", per_second=1000, burst=100)


class Clock:
    """A clock that tests wind."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def buy(purse, name="app", toll=HIGH):
    """Pay for a call and ahead; return how many."""
    assert not purse.spend(name, toll)
    bought = purse.wanted(name, toll)
    purse.put(name, toll, bought)
    return bought


def spend_all(purse, name="app", toll=HIGH):
    """Spend what is left; return how many."""
    for count in range(100_000):
        if not purse.spend(name, toll):
            return count
    raise AssertionError("it never ends")


class TestPurse:
    def test_it_doubles_while_all_is_spent(self, clock):
        """Up to a tenth of a second's worth of the rate."""
        purse = Purse(clock)
        bought = [(buy(purse), spend_all(purse)) for _ in range(9)]

        assert [1, 2, 4, 8, 16, 32, 64, 100, 100] == [each[0] for each in bought]
        assert all(spent == count - 1 for count, spent in bought)

    def test_what_is_not_spent_within_a_second_is_lost(self, clock):
        """And the next call buys but itself."""
        purse = Purse(clock)
        for _ in range(3):
            spend_all(purse)
            buy(purse)
        clock.now += 1.0

        assert 1 == buy(purse)

    @pytest.mark.parametrize("per_second", [0.01, 1, 19.9])
    def test_of_a_low_rate_each_is_bought_by_itself(self, clock, per_second):
        """None is lost of what is scarce."""
        purse, low = Purse(clock), Toll("shop", per_second=per_second, burst=5)

        assert [1] * 5 == [buy(purse, toll=low) for _ in range(5)]

    @pytest.mark.parametrize(
        ("name", "toll"),
        [
            ("other", HIGH),
            ("app", replace(HIGH, name="press")),
            ("app", replace(HIGH, per_second=2000)),
            ("app", replace(HIGH, burst=50)),
        ],
    )
    def test_it_is_kept_for_what_it_was_paid(self, clock, name, toll):
        """One client, one app, one rate."""
        purse = Purse(clock)
        buy(purse)
        buy(purse)

        assert not purse.spend(name, toll)
        assert purse.spend("app", HIGH)

    def test_clients_do_not_push_each_other_out(self, clock):
        """Two that call in turn both buy ahead."""
        purse, press = Purse(clock), replace(HIGH, name="press")
        for toll in (HIGH, press, HIGH, press):
            buy(purse, toll=toll)

        assert [1, 1] == [spend_all(purse, toll=toll) for toll in (HIGH, press)]

    def test_of_several_that_find_nothing_one_buys_for_all(self, clock):
        """Threads of one process do not buy a batch each."""
        purse = Purse(clock)
        for _ in range(4):
            buy(purse)
            spend_all(purse)
        wanted = [purse.wanted("app", HIGH) for _ in range(5)]
        for each in wanted:
            purse.put("app", HIGH, each)

        assert [16, 1, 1, 1, 1] == wanted
        assert 15 == spend_all(purse)


def test_no_call_passes_that_nobody_paid(redis_server, clock):
    """As many as the bucket holds, however many processes and threads ask at once."""
    source, toll = ScriptedSource(), Toll("shop", per_second=20, burst=300)
    make_custody(redis_server).get(source)
    custodies = [make_custody(redis_server, clock=clock) for _ in range(4)]

    def passes(number):
        try:
            custodies[number % 4].at_hand(source, toll=toll)
        except RateLimited:
            return False
        return True

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(passes, range(2000)))
    filled = 20 * (time.monotonic() - began)

    assert 300 - 4 <= passed <= 300 + filled  # each may keep one that it has paid
