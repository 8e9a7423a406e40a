"""Calls in flight: the limits of a process and of one client."""

from contextlib import ExitStack

import pytest

from runtime.errors import Overloaded
from runtime.usage.in_flight import CallsInFlight


def take(calls, stack, *client_ids):
    for each in client_ids:
        stack.enter_context(calls.counted(each))


def is_refused(calls, client_id):
    try:
        with calls.counted(client_id):
            return False
    except Overloaded:
        return True


def test_one_client_gets_half():
    """Its next call is refused, another client's is not."""
    calls = CallsInFlight(4)
    with ExitStack() as stack:
        take(calls, stack, "a", "a")

        assert (True, False, 2) == (
            is_refused(calls, "a"),
            is_refused(calls, "b"),
            calls.number,
        )


def test_the_process_has_a_limit():
    """All clients together get no more, and room comes back when a call ends."""
    calls = CallsInFlight(3)
    with ExitStack() as stack:
        take(calls, stack, "a", "b", "c")
        assert is_refused(calls, "d")

    assert not is_refused(calls, "d")
    assert 0 == calls.number


def test_an_error_ends_a_call_too():
    """A call that fails is counted no longer."""
    calls = CallsInFlight(2)
    with pytest.raises(ValueError, match="x"), calls.counted("a"):
        raise ValueError("x")

    assert 0 == calls.number


def test_the_smallest_limit_still_lets_one_call_pass():
    """Half of one would be none."""
    calls = CallsInFlight(8)
    calls.limit(1)

    assert not is_refused(calls, "a")
