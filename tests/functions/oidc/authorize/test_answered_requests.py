"""A request that comes again: by the Back button, or by a client that repeats it."""

from __future__ import annotations

import re

import pytest

from tests.support.client_sign_in import BACK, Visit, query_of
from tests.support.handles import login, oauth_callback, oidc
from tests.support.scripted_wechat import SERVICE, change, cookie, header
from tests.support.signed_out import sign_out_at

pytestmark = pytest.mark.usefixtures("willing")

PLAIN = {"code_challenge": None, "code_challenge_method": None, "nonce": None}
each_way = pytest.mark.parametrize("way", [Visit.authorize, Visit.connect])


def is_answered(response):
    """Tell whether the client gets a code; else it is the page."""
    if response.status == 303:
        return header(response, "Location").startswith(f"{BACK}?code=")
    assert response.status == 200
    assert "You came back to a sign-in that is complete." in english(response)
    return False


def english(response):
    assert header(response, "Content-Language") == "en"
    return response.body.decode()


@pytest.fixture
def visit(visit):
    visit.headers = (*visit.headers, ("accept-language", "en"))
    visit.cookies["lang"] = "en"
    return visit


def redeem(gateway, response):
    code = query_of(header(response, "Location"))["code"]
    return gateway.grants.redeem(code)


@each_way
def test_back_after_a_sign_in(visit, gateway, way):
    """The page leads to the client's home, and can get the request answered."""
    redeem(gateway, visit.agree(way(visit)))
    page = way(visit)

    assert not is_answered(page)
    assert 'class="button" href="https://app.example.com/"' in english(page)
    again = re.search('href="(https://gateway[^"]*)"', english(page))[1]
    path, _, query = again.replace("&amp;", "&").partition("?")
    assert query.endswith("&_repeat=1")
    handle = oidc if way is Visit.authorize else login
    path = path.removeprefix("https://gateway.example.com").removeprefix("/oidc")
    assert is_answered(visit.get(handle, path, query))


@each_way
def test_back_after_an_answer_at_once(visit, gateway, way):
    """The user was signed in already, so there was no flow."""
    visit.agree(visit.authorize())
    redeem(gateway, way(visit, state="s-2"))

    assert not is_answered(way(visit, state="s-2"))


def test_back_over_a_choice_of_language(visit, gateway):
    """The language is no part of what the client asked."""
    redeem(gateway, visit.agree(visit.authorize(ui_locales="en")))

    assert not is_answered(visit.authorize())


@pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "0"}])
def test_back_needs_no_third_sign_in(visit, gateway, more):
    """Nor does a request that no session would do for."""
    redeem(gateway, visit.agree(visit.authorize(**more)))

    assert not is_answered(visit.authorize(**more))


@each_way
def test_a_code_that_never_arrived_is_no_answer(visit, way):
    """The client waits for one: it gets another."""
    visit.agree(way(visit))

    assert is_answered(way(visit))


@each_way
def test_another_state_is_another_request(visit, gateway, way):
    """As every client sends it that signs a user in once more."""
    redeem(gateway, visit.agree(way(visit)))

    assert is_answered(way(visit, state="s-2"))


@pytest.mark.parametrize("kept", ["nonce", "code_challenge"])
def test_back_without_a_state(visit, gateway, kept):
    """Auth.js sends a challenge alone; it takes no second code either."""
    more = {"state": None, **PLAIN}
    del more[kept]
    if kept == "code_challenge":
        del more["code_challenge_method"]
    else:
        change(gateway, "clients", "demo", pkce="optional")
    redeem(gateway, visit.agree(visit.authorize(**more)))

    assert not is_answered(visit.authorize(**more))


@pytest.mark.parametrize("state", [None, ""])
def test_a_client_that_ties_no_answer_takes_every_code(visit, gateway, state):
    """So it is answered every time."""
    change(gateway, "clients", "demo", pkce="optional")
    more = {**PLAIN, "state": state, "scope": "profile"}
    redeem(gateway, visit.agree(visit.authorize(**more)))

    assert is_answered(visit.authorize(**more))


def test_the_same_after_the_client_signed_its_user_out(visit, gateway):
    """It has revoked its tokens; the next sign-in with the same state is answered."""
    id_, _ = redeem(gateway, visit.agree(visit.authorize()))
    gateway.grants.revoke(id_)

    assert is_answered(visit.authorize())


def test_the_same_an_hour_later(visit, gateway, redis_server):
    """What is known of the answer has expired."""
    redeem(gateway, visit.agree(visit.authorize()))
    redis = redis_server.client()
    (key,) = redis.scan_iter("gateway:answered:*")

    assert 3500 < redis.ttl(key) <= 3600
    redis.delete(key)
    assert is_answered(visit.authorize())


@each_way
def test_a_constant_state_costs_no_click(visit, gateway, way):
    """The page goes on by itself; with a challenge, which no client repeats, not."""
    change(gateway, "clients", "demo", pkce="optional")
    plain = PLAIN if way is Visit.authorize else {}
    redeem(gateway, visit.agree(way(visit, **plain)))
    page = english(way(visit, **plain))
    redeem(gateway, visit.authorize(state="s-2"))
    bound = english(visit.authorize(state="s-2"))

    assert ("data-again" in page, "continue.js" in page) == (True, True)
    assert ("data-again" in bound, "continue.js" in bound) == (False, False)


def test_programs_have_no_back_button(visit, gateway):
    """Without `text/html` in Accept, and with prompt=none, the client gets a code."""
    redeem(gateway, visit.agree(visit.authorize(prompt=None)))
    visit.headers = tuple(each for each in visit.headers if each[0] != "accept")
    silently = visit.authorize(prompt="none")
    redeem(gateway, silently)

    assert is_answered(visit.authorize(prompt="none"))
    assert is_answered(visit.authorize())


def test_another_browser_is_somebody_else(visit, gateway):
    """What is known is known of a session."""
    redeem(gateway, visit.agree(visit.authorize()))
    other = Visit(gateway, headers=visit.headers)
    other.agree(other.authorize(state="s-2"))

    assert is_answered(other.authorize())


def test_after_a_sign_out_there_is_nobody_to_be_told(visit, gateway):
    """The session has ended, though its cookie is there."""
    redeem(gateway, visit.agree(visit.authorize()))
    sign_out_at(gateway, "u-1", gateway.clock())

    location = header(visit.authorize(), "Location")
    assert location.startswith("https://open.weixin.qq.com/")


class TestBackToWeChat:
    """WeChat's consent sheet is asked for again, and the callback comes twice."""

    @each_way
    def test_within_a_minute(self, visit, gateway, way):
        """The page, and still the session."""
        begun = way(visit)
        redeem(gateway, visit.agree(begun))
        page = visit.agree(begun)

        assert not is_answered(page)
        assert "data-again" not in english(page)
        assert "gateway_session" in str(cookie(page))

    @each_way
    def test_a_minute_later(self, visit, gateway, redis_server, way):
        """The flow's result has expired; the page is the same."""
        begun = way(visit)
        redeem(gateway, visit.agree(begun))
        redis = redis_server.client()
        redis.delete(*redis.scan_iter("gateway:flow:*:done"))

        page = visit.agree(begun)
        assert not is_answered(page)
        assert "data-again" not in english(page)

    def test_not_with_the_state_of_somebody_else(self, visit, gateway):
        """The flow cookie is checked before."""
        begun = visit.authorize()
        redeem(gateway, visit.agree(begun))
        other = Visit(gateway, headers=visit.headers)
        state = query_of(header(begun, "Location"))["state"]
        answer = other.get(oauth_callback, f"/{SERVICE}", f"code=c&state={state}")

        assert header(answer, "Location").startswith("https://open.weixin.qq.com/")
