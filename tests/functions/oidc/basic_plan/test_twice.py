"""The plan's modules with two sign-ins: prompt, max_age, id_token_hint."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.case(105)


def same(first, second):
    """Tell whether both are of one sign-in, the second without a word to anybody."""
    names = ("sub", "auth_time")
    told = [[each.claims[name] for name in names] for each in (first, second)]
    return (first.asked, second.asked) == (True, False) and told[0] == told[1]


def anew(first, second):
    """Tell whether the same user was asked once more, later."""
    later = second.claims["auth_time"] > first.claims["auth_time"]
    return second.asked and later and first.claims["sub"] == second.claims["sub"]


@pytest.mark.case(98)
def test_oidcc_prompt_login(party, clock):
    """Who is signed in goes to WeChat again, and auth_time says so."""
    first = party.sign_in()
    clock.now += 5

    assert anew(first, party.sign_in(prompt="login"))


@pytest.mark.case(97)
def test_oidcc_prompt_none_not_logged_in(party, wechat):
    """The client is told that nobody is signed in, and the user sees nothing."""
    told, asked = party.back(prompt="none")

    assert not asked
    assert {"error": "login_required", "state": "s-1", "iss": told["iss"]} == told
    assert [] == wechat.seen


@pytest.mark.case(97)
def test_oidcc_prompt_none_logged_in(party, clock):
    """Answered at once with the same sign-in."""
    first = party.sign_in()
    clock.now += 5

    assert same(first, party.sign_in(prompt="none"))


@pytest.mark.case(99)
def test_oidcc_max_age_1(party, clock):
    """Older than that: WeChat is asked again."""
    first = party.sign_in()
    clock.now += 2

    assert anew(first, party.sign_in(max_age="1"))


@pytest.mark.case(99)
def test_oidcc_max_age_10000(party, clock):
    """Young enough: answered at once, and auth_time stays honest."""
    first = party.sign_in()
    clock.now += 2

    assert same(first, party.sign_in(max_age="10000"))


@pytest.mark.case(97)
def test_oidcc_id_token_hint(party, clock):
    """The hint is no obstacle for the user whom it names."""
    first = party.sign_in()
    clock.now += 5
    hint = first.tokens["id_token"]

    assert same(first, party.sign_in(prompt="none", id_token_hint=hint))
