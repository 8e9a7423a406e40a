"""Limits per day and per minute, on the platform's calendar."""

import pytest

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.state.quota import Quota, day_of

MIDNIGHT = 1_700_000_000 - 1_700_000_000 % 86400 + 16 * 3600  # 00:00 UTC+8


@pytest.fixture
def clock():
    return Clock(lambda: MIDNIGHT)


@pytest.fixture
def quota(clock):
    return Quota(clock)


def spend(quota, path, times, appid="wx1"):
    for _ in range(times):
        quota.spend(appid, path)


def errcode_of(action, *arguments):
    with pytest.raises(WeChatError) as caught:
        action(*arguments)
    return caught.value.errcode


def test_days_begin_at_midnight_utc_plus_8():
    """The day changes at 16:00 UTC."""
    assert day_of(MIDNIGHT) == day_of(MIDNIGHT - 0.5) + 1
    assert day_of(MIDNIGHT) == day_of(MIDNIGHT + 86399)


def test_two_thousand_tokens_a_day(quota, clock):
    """Call 2001 is 45009 for that app alone, until the next day."""
    spend(quota, "/cgi-bin/token", 2000)

    assert errcode_of(quota.spend, "wx1", "/cgi-bin/token") == 45009
    spend(quota, "/cgi-bin/token", 1, appid="wx2")
    clock.advance(86400)
    spend(quota, "/cgi-bin/token", 1)

    assert quota.used("wx1", "/cgi-bin/token") == 1


def test_ten_thousand_stable_tokens_a_minute(quota, clock):
    """The next one is 45011 until the minute is over."""
    spend(quota, "/cgi-bin/stable_token", 10_000)

    assert errcode_of(quota.spend, "wx1", "/cgi-bin/stable_token") == 45011
    clock.advance(60)
    spend(quota, "/cgi-bin/stable_token", 1)

    assert quota.used("wx1", "/cgi-bin/stable_token") == 10_001


def test_clearing_gives_the_day_back(quota):
    """A cleared app may call again, another app's count stays."""
    spend(quota, "/cgi-bin/menu/create", 1000)
    spend(quota, "/cgi-bin/menu/create", 7, appid="wx2")
    quota.clear("wx1")

    assert quota.used("wx1", "/cgi-bin/menu/create") == 0
    assert quota.used("wx2", "/cgi-bin/menu/create") == 7


def test_ten_clears_a_month(quota, clock):
    """The 11th is 48006; the next month has ten of its own."""
    for _ in range(10):
        quota.clear("wx1")

    assert errcode_of(quota.clear, "wx1") == 48006
    clock.advance(31 * 86400)

    assert quota.clear("wx1") is None
