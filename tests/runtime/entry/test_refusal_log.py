"""The log of refused requests: each with its cause, and no flood of them."""

from __future__ import annotations

import logging

import pytest

from runtime.entry.refusal_log import RefusalLog
from runtime.errors import NotFound, RedirectUriUnknown
from runtime.web.line_limit import LINES, MOST_NAMES, LineLimit


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def refusals(clock, caplog):
    """A function's log, whose lines are read."""
    caplog.set_level(logging.INFO)
    return RefusalLog("/login", clock=clock)


def test_the_cause_is_logged(refusals, caplog):
    """Behind the code; without one the code alone."""
    refusals.write("r-1", RedirectUriUnknown(cause="there is no client shop"))
    refusals.write("r-2", NotFound())

    assert caplog.messages == [
        "r-1 /login: redirect_uri_unknown: there is no client shop",
        "r-2 /login: not_found",
    ]


def test_a_flood_is_counted(refusals, clock, caplog):
    """A minute later one line tells how many there were; other codes are written."""
    for number in range(LINES + 1000):
        refusals.write("r-1", RedirectUriUnknown(cause=f"a stranger's {number}"))
    assert len(caplog.messages) == LINES
    refusals.write("r-2", NotFound())
    assert caplog.messages[-1] == "r-2 /login: not_found"
    clock.now = 60.0
    refusals.write("r-3", RedirectUriUnknown())
    refusals.write("r-4", RedirectUriUnknown())

    assert caplog.messages[-2:] == [
        "r-3 /login: redirect_uri_unknown (1000 more were left out)",
        "r-4 /login: redirect_uri_unknown",
    ]


def test_names_are_bounded(clock):
    """Lines of made-up names share one count."""
    limit = LineLimit(clock=clock)
    written = [limit.count(f"name-{each}") for each in range(MOST_NAMES + 1000)]

    assert written.count(None) == 1000 - LINES
