"""The state of WeChatOAuth2Mixin: bound to one browser, valid once."""

from __future__ import annotations

from time import time

import pytest
from tornado.web import create_signed_value

from client.wechat_oauth import STATE_SECONDS
from tests.support.mixin_service import SECRETS, agree, finish, start, state_of

NOT_THIS = "The state is not this browser's, or too old."
MALFORMED = "The state is malformed."
STATE = "0" * 32
COOKIE = "wechat_state_00000000"


def come_back(browser, service, query):
    return finish(browser, f"{service.url}/signed_in?{query}")["error"]


def give(browser, *, name=COOKIE, secrets=SECRETS, age=0, version=2, key_version=2):
    """Put the state that somebody signed so long ago into the browser."""
    signed = create_signed_value(
        secrets,
        name,
        STATE,
        version,
        clock=lambda: time() - age,
        key_version=key_version,
    )
    browser.cookies[COOKIE] = signed.decode()


@pytest.mark.case(32)
@pytest.mark.bug(1)
def test_a_browser_that_lost_its_cookie(browser, service):
    """Its code is not even sent to WeChat."""
    address = agree(browser, start(browser, service))
    browser.cookies.clear()

    assert finish(browser, address)["error"] == NOT_THIS


@pytest.mark.case(33, 34)
def test_another_ones_sign_in_in_ones_own_browser(browser, service):
    """Somebody's address, with code and state, signs nobody else in as him."""
    theirs = agree(browser, start(browser, service))
    browser.cookies.clear()
    start(browser, service)

    assert finish(browser, theirs)["error"] == NOT_THIS


def test_a_state_is_good_once(browser, service):
    """The second look at the address ends here, not at WeChat."""
    address = agree(browser, start(browser, service))

    assert "profile" in finish(browser, address)
    assert finish(browser, address)["error"] == NOT_THIS


@pytest.mark.case(36, 37)
@pytest.mark.bug(3)
@pytest.mark.parametrize(
    "change",
    [
        lambda state: f"state={state}https%3A%2F%2Fhome.example",
        lambda state: f"state={state}%20",
        lambda state: f"state=%20{state}",
        lambda state: f"state={state.upper()}G",
        lambda state: f"state={state[:31]}",
        lambda state: f"state={state}&state={state}",
        lambda state: f"state={state[:31]}%EF%BC%91",
        lambda state: "state=",
        lambda state: "",
    ],
    ids=lambda change: change("S" * 4),
)
def test_anything_else_is_no_state(browser, service, change):
    """Neither longer nor shorter, twice, padded or in other digits."""
    state = state_of(start(browser, service))

    assert come_back(browser, service, f"code=c&{change(state)}") == MALFORMED


def test_the_rest_of_the_state_counts(browser, service):
    """The cookie's name has eight characters of it; its value has all."""
    state = state_of(start(browser, service))
    other = state[:8] + "0" * 24

    assert come_back(browser, service, f"code=c&state={other}") == NOT_THIS


@pytest.mark.case(107, 108, 110, 111)
@pytest.mark.parametrize(
    ("make", "passes"),
    [
        ({}, True),
        ({"key_version": 1}, True),
        ({"age": STATE_SECONDS - 5}, True),
        ({"age": STATE_SECONDS + 5}, False),
        ({"secrets": {2: "x" * 32}}, False),
        ({"secrets": {3: "n" * 32}, "key_version": 3}, False),
        ({"secrets": "n" * 32, "version": 1, "key_version": None}, False),
        ({"name": "wechat_state_11111111"}, False),
    ],
    ids=str,
)
def test_whose_signature_and_when(browser, service, make, passes):
    """Any of the service's secrets, version 2, ten minutes."""
    give(browser, **make)
    told = come_back(browser, service, f"code=c&state={STATE}")

    assert passes == (told == "WeChat refused with errcode 40029.")


@pytest.mark.parametrize(
    "junk", ["2|", "2|1:1|x", "1|a|b", "a|1700000000|b", "%00", "2|9999999999:1|", "|"]
)
def test_junk_for_a_cookie(browser, service, junk):
    """It is no cookie, and no error of the service's."""
    browser.cookies[COOKIE] = junk

    assert come_back(browser, service, f"code=c&state={STATE}") == NOT_THIS
