"""The two kinds of app tokens: overlap, isolation, and the rules of force."""

import pytest

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.state.app_tokens import AppTokens

NOON = 1_800_000_000 - 1_800_000_000 % 86400 + 4 * 3600  # 12:00 UTC+8


@pytest.fixture
def clock():
    return Clock(lambda: NOON)


@pytest.fixture
def tokens(clock):
    return AppTokens(clock, Ids(1))


def refusal(tokens, token):
    with pytest.raises(WeChatError) as caught:
        tokens.check(token.value)
    return caught.value.errcode


def test_a_new_token_leaves_the_old_one_five_minutes(tokens, clock):
    """Old and new are both good for 300 s, then the old one is superseded."""
    old, new = tokens.issue("wx1"), tokens.issue("wx1")
    clock.advance(299)

    assert (tokens.check(old.value), tokens.check(new.value)) == ("wx1", "wx1")
    clock.advance(1)

    assert refusal(tokens, old) == 40001
    assert tokens.check(new.value) == "wx1"


def test_a_token_ends_after_two_hours(tokens, clock):
    """A token that nobody superseded answers 42001 once its time is over."""
    token = tokens.issue("wx1")
    clock.advance(7199)

    assert tokens.check(token.value) == "wx1"
    clock.advance(1)

    assert refusal(tokens, token) == 42001


def test_a_superseded_token_is_never_called_expired(tokens, clock):
    """What was retired answers 40001 for good, even past its two hours."""
    old = tokens.issue("wx1")
    tokens.issue("wx1")
    clock.advance(8000)

    assert refusal(tokens, old) == 40001


def test_the_stable_token_stays_the_same(tokens, clock):
    """A repeated call returns the same token with less life left."""
    first = tokens.stable("wx1")
    clock.advance(6900)
    again = tokens.stable("wx1")

    assert again == first
    assert again.expires_at - clock.now() == 300


def test_the_stable_token_is_renewed_in_its_last_five_minutes(tokens, clock):
    """Then there is a new one, and both are good for five more minutes."""
    first = tokens.stable("wx1")
    clock.advance(6901)
    second = tokens.stable("wx1")

    assert second.expires_at - clock.now() == 7200
    clock.advance(299)

    assert (tokens.check(first.value), tokens.check(second.value)) == ("wx1", "wx1")
    clock.advance(1)

    assert refusal(tokens, first) == 40001


def test_the_modes_do_not_touch_each_other(tokens, clock):
    """Neither a new normal token nor a forced stable one retires the other kind."""
    stable, normal = tokens.stable("wx1"), tokens.issue("wx1")
    forced = tokens.stable("wx1", force=True)
    tokens.issue("wx2")
    clock.advance(400)

    assert refusal(tokens, stable) == 40001
    assert tokens.check(normal.value) == "wx1"
    assert tokens.check(forced.value) == "wx1"


def test_force_kills_the_previous_token_at_once(tokens):
    """A forced refresh promises no overlap."""
    first = tokens.stable("wx1")
    second = tokens.stable("wx1", force=True)

    assert second != first
    assert refusal(tokens, first) == 40001


def test_force_does_nothing_within_thirty_seconds(tokens, clock):
    """A second forced call before 30 s are over returns the current token."""
    tokens.stable("wx1")
    forced = tokens.stable("wx1", force=True)
    clock.advance(29)

    assert tokens.stable("wx1", force=True) == forced
    clock.advance(1)

    assert tokens.stable("wx1", force=True) != forced


def test_force_is_limited_to_twenty_a_day(tokens, clock):
    """The 21st refresh of a day is 45009; the next day of UTC+8 begins anew."""
    tokens.stable("wx1")
    for _ in range(20):
        tokens.stable("wx1", force=True)
        clock.advance(30)

    with pytest.raises(WeChatError) as caught:
        tokens.stable("wx1", force=True)

    assert caught.value.errcode == 45009
    clock.advance(12 * 3600)
    tokens.stable("wx1")
    last = tokens.stable("wx1")

    assert tokens.stable("wx1", force=True) != last


def test_dropped_tokens_are_unknown(tokens):
    """After a drop every token of that app, and of no other, answers 40001."""
    normal, stable, other = (
        tokens.issue("wx1"),
        tokens.stable("wx1"),
        tokens.issue("wx2"),
    )
    tokens.drop("wx1")

    assert (refusal(tokens, normal), refusal(tokens, stable)) == (40001, 40001)
    assert tokens.check(other.value) == "wx2"
    assert tokens.stable("wx1").value != stable.value
