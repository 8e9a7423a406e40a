"""Times of the console: in China, and spans in one unit."""

from __future__ import annotations

import pytest

from functions.console.time_formats import moment, span


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (1_800_000_000.9, "2027-01-15\u00a016:00:00"),
        ("2027-01-15T08:00:00+00:00", "2027-01-15\u00a016:00:00"),
        ("2027-01-15T23:30:00.123456+00:00", "2027-01-16\u00a007:30:00"),
        (None, "–"),
        ("", "–"),
        ("no time", "–"),
    ],
)
def test_a_moment(at, text):
    """Unix time and ISO's form alike; what is no time is a dash."""
    assert text == moment(at)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 days"),
        (None, "–"),
    ],
)
def test_a_span(seconds, text):
    """In the largest unit of which there are two."""
    assert text == span(seconds, str)
