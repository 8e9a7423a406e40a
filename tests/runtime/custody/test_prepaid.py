"""Prepaid rate costs: fewer round trips, and no call more than the rate allows."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runtime.custody.prepaid import PrepaidCosts
from runtime.custody.protocol import RateCost
from runtime.errors import RateLimited
from tests.runtime.custody.credential_sources import ScriptedSource, make_custody

HIGH = RateCost("shop", per_second=1000, burst=100)


class Clock:
    """A clock that tests set."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def buy(prepaid, name="app", cost=HIGH):
    """Take units for a call and ahead; return how many."""
    assert not prepaid.spend(name, cost)
    bought = prepaid.wanted(name, cost)
    prepaid.put(name, cost, bought)
    return bought


def spend_all(prepaid, name="app", cost=HIGH):
    """Spend what is left; return how many."""
    for count in range(100_000):
        if not prepaid.spend(name, cost):
            return count
    raise AssertionError("it never ends")


class TestPrepaidCosts:
    def test_it_doubles_while_all_is_spent(self, clock):
        """Up to a tenth of a second's worth of the rate."""
        prepaid = PrepaidCosts(clock)
        bought = [(buy(prepaid), spend_all(prepaid)) for _ in range(9)]

        assert [1, 2, 4, 8, 16, 32, 64, 100, 100] == [each[0] for each in bought]
        assert all(spent == count - 1 for count, spent in bought)

    def test_what_is_not_spent_within_a_second_is_lost(self, clock):
        """And the next call takes only its own unit."""
        prepaid = PrepaidCosts(clock)
        for _ in range(3):
            spend_all(prepaid)
            buy(prepaid)
        clock.now += 1.0

        assert 1 == buy(prepaid)

    @pytest.mark.parametrize("per_second", [0.01, 1, 19.9])
    def test_of_a_low_rate_each_is_bought_by_itself(self, clock, per_second):
        """No scarce unit is lost."""
        prepaid, low = (
            PrepaidCosts(clock),
            RateCost("shop", per_second=per_second, burst=5),
        )

        assert [1] * 5 == [buy(prepaid, cost=low) for _ in range(5)]

    @pytest.mark.parametrize(
        ("name", "cost"),
        [
            ("other", HIGH),
            ("app", replace(HIGH, name="press")),
            ("app", replace(HIGH, per_second=2000)),
            ("app", replace(HIGH, burst=50)),
        ],
    )
    def test_it_is_kept_for_what_it_was_paid(self, clock, name, cost):
        """One client, one app, one rate."""
        prepaid = PrepaidCosts(clock)
        buy(prepaid)
        buy(prepaid)

        assert not prepaid.spend(name, cost)
        assert prepaid.spend("app", HIGH)

    def test_clients_do_not_push_each_other_out(self, clock):
        """Two clients that call in turn both take units ahead."""
        prepaid, press = PrepaidCosts(clock), replace(HIGH, name="press")
        for cost in (HIGH, press, HIGH, press):
            buy(prepaid, cost=cost)

        assert [1, 1] == [spend_all(prepaid, cost=cost) for cost in (HIGH, press)]

    def test_of_several_that_find_nothing_one_buys_for_all(self, clock):
        """Threads of one process do not take a batch each."""
        prepaid = PrepaidCosts(clock)
        for _ in range(4):
            buy(prepaid)
            spend_all(prepaid)
        wanted = [prepaid.wanted("app", HIGH) for _ in range(5)]
        for each in wanted:
            prepaid.put("app", HIGH, each)

        assert [16, 1, 1, 1, 1] == wanted
        assert 15 == spend_all(prepaid)


def test_no_call_passes_without_a_unit(redis_server, clock):
    """As many as the bucket holds, however many processes and threads ask at once."""
    source, cost = ScriptedSource(), RateCost("shop", per_second=20, burst=300)
    make_custody(redis_server).get(source)
    custodies = [make_custody(redis_server, clock=clock) for _ in range(4)]

    def passes(number):
        try:
            custodies[number % 4].get_recent(source, cost=cost)
        except RateLimited:
            return False
        return True

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(passes, range(2000)))
    filled = 20 * (time.monotonic() - began)

    assert 300 - 4 <= passed <= 300 + filled  # each may keep one that it has paid
