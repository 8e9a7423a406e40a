"""Interruption of the start, even if Python drops the exception at first."""

import signal
import sys

import pytest

from host.processes.signals import Interruption

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Callback:
    """What is raised while it is forgotten is dropped, as in a fork's callbacks."""

    def __init__(self, work):
        self.work = work

    def __del__(self):
        self.work()
        len(())  # a handler runs before the next call at the latest


@pytest.fixture
def interruption(monkeypatch):
    before = [signal.getsignal(number) for number in NUMBERS]
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(dropped))
    made = Interruption(*NUMBERS)
    made.told = told
    yield made
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_it_comes_at_once(interruption, number):
    """A signal interrupts the start at once."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_one_that_was_dropped_comes_later(interruption):
    """An interruption that Python dropped is raised by check(), unprinted."""
    Callback(lambda: signal.raise_signal(signal.SIGTERM))

    with pytest.raises(KeyboardInterrupt):
        interruption.check()
    assert [] == interruption.told


def test_anything_else_that_is_dropped_is_logged(interruption):
    """Other dropped exceptions are printed as usual."""
    Callback(lambda: 1 / 0)

    assert [ZeroDivisionError] == [each.exc_type for each in interruption.told]


def test_none_comes_by_itself(interruption):
    """Without a signal check() does nothing."""
    interruption.check()
