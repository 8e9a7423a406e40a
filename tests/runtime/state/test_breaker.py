"""The breaker: when a call is made, and when it is away at once."""

from __future__ import annotations

import pytest

from runtime.errors import ServiceUnavailable
from runtime.state.breaker import PAUSE_SECONDS, Breaker

A_MOMENT = 0.001


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock=clock)


def call(breaker, *, fails=False):
    """Make a call; tell whether it was made."""
    try:
        with breaker.trying() as attempt:
            if fails:
                attempt.fail()
            return True
    except ServiceUnavailable:
        return False


def test_after_a_slow_failure_no_call_is_made_for_a_while(breaker, clock):
    """And then one is, which closes the breaker."""
    assert call(breaker, fails=True)
    assert [False] * 3 == [call(breaker) for _ in range(3)]
    clock.now += PAUSE_SECONDS - A_MOMENT
    assert not call(breaker)
    clock.now += A_MOMENT

    assert [True] * 3 == [call(breaker) for _ in range(3)]


def test_half_open_lets_one_through(breaker, clock):
    """While it is under way, the others are told at once; if it fails, for longer."""
    call(breaker, fails=True)
    clock.now += PAUSE_SECONDS
    with breaker.trying() as attempt:
        assert [False] * 3 == [call(breaker) for _ in range(3)]
        clock.now += 1.0
        attempt.fail()
    clock.now += PAUSE_SECONDS - A_MOMENT

    assert not call(breaker)


def test_a_call_that_never_ends_does_not_close_it_for_good(breaker, clock):
    """The next caller is let through after another pause."""
    call(breaker, fails=True)
    clock.now += PAUSE_SECONDS
    with breaker.trying():
        clock.now += PAUSE_SECONDS
        assert call(breaker)


def test_an_error_of_the_call_passes(breaker):
    """What it raises is raised, and opens nothing unless it was slow."""
    with pytest.raises(KeyError), breaker.trying():
        raise KeyError

    assert call(breaker)
