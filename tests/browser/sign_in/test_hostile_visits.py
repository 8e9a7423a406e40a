"""Hostile links and cookies: the browser lands on our pages, as nobody else."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

SESSION = "gateway_session"
ELSEWHERE = (
    "//evil.example",
    "///evil.example//",
    "/\\evil.example",
    "/\t/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "/./\\evil.example",
    "/a/../..//evil.example",
    "https:evil.example",
    "https://evil.example",
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "http://127.0.0.1:8090@evil.example/",
    "http://127.0.0.1:8090.evil.example/",
    "https://evil。example",
    "//[",
    "/a\r\nLocation: https://evil.example",
    "/logout",
    "/oidc/authorize?client_id=x",
)


@pytest.fixture
def phone(new_user):
    return new_user(**IN_WECHAT)


@pytest.mark.case(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17)
@pytest.mark.parametrize("address", ELSEWHERE)
def test_next_leads_to_no_other_site(phone, address):
    """The browser, whose reading counts, ends where a sign-in ends without `next`."""
    phone.open(f"/login?{urlencode({'next': address})}")
    phone.agree()
    phone.tab.wait_for_load_state()
    hosts = {urlsplit(each).netloc for each in phone.visited}

    assert f"{phone.host.url}/login/me" == phone.tab.url.partition("#")[0]
    assert {urlsplit(phone.host.url).netloc} == hosts - {
        urlsplit(phone.host.sandbox_url).netloc
    }


@pytest.mark.case(15)
def test_next_twice_is_none(phone):
    """Which of the two is meant nobody can say."""
    phone.open("/login?next=/login/me%3Fa&next=//evil.example")
    phone.agree()

    assert f"{phone.host.url}/login/me" == phone.tab.url.partition("#")[0]


@pytest.fixture
def attacker(new_user):
    """Somebody else, who has begun to sign in and is at WeChat's consent sheet."""
    user = new_user(**IN_WECHAT)
    user.open("/login?next=/login/me")
    return user


@pytest.mark.case(32, 34)
def test_an_attackers_link_to_wechat(phone, attacker):
    """The victim's code is not taken for it; the attacker gets nobody's session."""
    phone.open(attacker.tab.url)
    phone.agree()
    signed_in = phone.is_signed_in()
    attacker.open(phone.callback().replace("code=", "was="))

    assert state_of(attacker) in phone.callback()
    assert state_of(attacker) != state_of(phone)
    assert (False, False) == (signed_in, attacker.is_signed_in())
    assert [] == exchanged(phone)


@pytest.mark.case(32, 34)
def test_an_attackers_link_that_was_opened_again(phone, attacker):
    """It ends on a page, and nobody is signed in, here nor there."""
    attacker.context.clear_cookies()
    attacker.agree()
    phone.open(attacker.tab.url)
    phone.agree()
    expect(phone.tab.get_by_role("link", name="Start again")).to_be_visible()

    assert not phone.is_signed_in()
    assert not attacker.is_signed_in()


@pytest.mark.case(32, 34)
def test_an_attackers_own_code(phone, attacker):
    """It signs nobody in as the attacker: WeChat asks who is there."""
    take_the_phone(attacker, 2)
    agreed = attacker.context.request.post(
        attacker.tab.url, form={"answer": "allow"}, max_redirects=0
    )
    take_the_phone(phone, 0)
    phone.open(agreed.headers["location"])
    signed_in = phone.is_signed_in()
    phone.agree()
    phone.arrive("/login/me")

    assert not signed_in
    assert phone.host.user(0)["nickname"] == phone.told()["name"]


@pytest.mark.case(33)
def test_a_flow_cookie_of_another_browser(phone, attacker):
    """The name alone is worth nothing."""
    (theirs,) = attacker.context.cookies(phone.host.url)
    phone.context.add_cookies([{**theirs, "value": "0" * 32}])
    phone.open(attacker.tab.url)
    phone.agree()
    expect(phone.sentence).to_contain_text("in another browser")

    assert not phone.is_signed_in()
    assert [] == exchanged(phone)


@pytest.mark.case(41, 42)
def test_a_session_that_was_planted(phone, attacker):
    """Signing in gives a session of one's own, and leaves the attacker's as it was."""
    take_the_phone(attacker, 2)
    sign_in(attacker)
    (planted,) = session_of(attacker)
    phone.context.add_cookies([planted])
    take_the_phone(phone, 0)
    sign_in(phone)
    (own,) = session_of(phone)
    attacker.open("/login/me")

    assert planted["value"] != own["value"]
    assert phone.host.user(0)["nickname"] == phone.told()["name"]
    assert phone.host.user(2)["nickname"] == attacker.told()["name"]


@pytest.mark.case(44)
def test_somebody_else_signs_in_after(phone):
    """The second user replaces the first; nothing of the first is left."""
    sign_in(phone)
    before = phone.told()
    take_the_phone(phone, 2)
    sign_in(phone)
    after, second = phone.told(), phone.host.user(2)

    assert second["nickname"] == after["name"] != before["name"]
    assert second["unionid"] == after["sub"] == after["wechat_unionid"]
    assert before["picture"] != after["picture"]


def state_of(user):
    return dict(parse_qsl(urlsplit(user.tab.url).query))["state"]


def session_of(user):
    return [
        each for each in user.context.cookies(user.host.url) if each["name"] == SESSION
    ]


def exchanged(user):
    return user.host.journal("/sns/oauth2/access_token")


def sign_in(user):
    user.open("/login?next=/login/me")
    user.agree()
    user.arrive("/login/me")


def take_the_phone(user, number):
    appid = user.host.app("service")["appid"]
    openid = user.host.user(number)["openid"][appid]
    user.host.sandbox("POST", "/_sandbox/phone/holder", {"openid": openid})
