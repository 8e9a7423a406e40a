"""Signing out: by our own question, by a service, by the operator; by nobody else."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.walk.conftest import manage
from tests.browser.walk.person import IN_WECHAT

GO = "address => { location.href = address; }"
POST = """address => {
  const form = document.body.appendChild(document.createElement("form"));
  form.method = "post";
  form.action = address;
  form.submit();
}"""


@pytest.fixture
def phone(meet, service):
    """Somebody in WeChat's browser who is signed in, and on the service's page."""
    person = meet(**IN_WECHAT)
    person.open(f"{service.url}/oidc")
    person.agree()
    person.arrive(f"{service.url}/signed_in")
    return person


def logout_url(phone, service, **said):
    query = {
        "client_id": service.client["client_id"],
        "post_logout_redirect_uri": f"{service.url}/signed_out",
        "state": "a&b",
        **said,
    }
    return f"{phone.house.url}/oidc/logout?{urlencode(query)}"


@pytest.mark.case(43)
def test_by_our_own_question(phone):
    """The cookie is gone, Back brings nobody back, and a reload asks for nothing."""
    phone.open("/login/me")
    phone.open("/logout")
    asked = phone.is_signed_in()
    phone.tab.get_by_role("button", name="Sign out").click()
    expect(phone.tab.get_by_role("heading")).to_have_text("You are signed out.")
    names = {each["name"] for each in phone.context.cookies(phone.house.url)}
    phone.tab.go_back()
    phone.tab.go_back()

    assert asked
    assert "gateway_session" not in names
    expect(phone.tab.get_by_role("heading")).to_have_text("You are not signed in.")


@pytest.mark.case(43)
def test_the_question_can_be_answered_no(phone):
    """Then one stays signed in."""
    phone.open("/logout")
    phone.tab.get_by_role("link", name="Stay signed in").click()

    assert phone.house.user()["nickname"] == phone.told()["name"]


@pytest.mark.case(43)
@pytest.mark.parametrize("way", [GO, POST], ids=["link", "form"])
def test_another_site_cannot_do_it(phone, service, way):
    """Its link and its form lead to the question; the cookie stays where it is."""
    phone.tab.evaluate(way, f"{phone.house.url}/logout")
    expect(phone.tab.get_by_role("button", name="Sign out")).to_be_visible()

    assert phone.is_signed_in()


@pytest.mark.case(43, 113)
def test_by_a_service_that_says_whom_it_means(phone, service):
    """Its ID token is proof enough: one is back at once, with the service's state."""
    hint = phone.told()["id_token"]
    address = logout_url(phone, service, id_token_hint=hint)
    phone.tab.evaluate(GO, address)
    phone.arrive(f"{service.url}/signed_out")

    assert f"{service.url}/signed_out?state=a%26b" == phone.tab.url
    assert not phone.is_signed_in()


@pytest.mark.case(43, 116)
def test_by_a_service_that_does_not(phone, service):
    """One is asked in its name; our policy lets the form lead back to its site."""
    phone.tab.evaluate(GO, logout_url(phone, service))
    asking = phone.tab.get_by_text("Bookshop asks to sign you out.")
    expect(asking).to_be_visible()
    asked = phone.is_signed_in()
    phone.tab.get_by_role("button", name="Sign out").click()
    phone.arrive(f"{service.url}/signed_out")

    assert f"{service.url}/signed_out?state=a%26b" == phone.tab.url
    assert (True, False) == (asked, phone.is_signed_in())


@pytest.mark.case(43)
def test_a_way_on_that_is_not_the_services(phone, service):
    """It is not gone to, and nobody is signed out."""
    hint = phone.told()["id_token"]
    elsewhere = {"post_logout_redirect_uri": f"{service.url}/elsewhere"}
    address = logout_url(phone, service, id_token_hint=hint, **elsewhere)
    phone.tab.evaluate(GO, address)
    phone.arrive("/oidc/logout")

    assert "service that sent you here" in phone.tab.get_by_role("heading").inner_text()
    assert phone.is_signed_in()


def test_everywhere_by_the_operator(phone, meet, service):
    """Two browsers of one person; the next sign-in is WeChat's question again."""
    desk = meet()
    desk.open("/login?next=/login/me")
    desk.on_the_phone("confirm")
    desk.arrive("/login/me")
    before = (phone.is_signed_in(), desk.is_signed_in())
    manage(phone.house, "person", "sign-out", phone.told()["sub"])
    after = (phone.is_signed_in(), desk.is_signed_in())
    phone.open(f"{service.url}/oidc")

    assert ((True, True), (False, False)) == (before, after)
    assert phone.tab.get_by_role("button", name="允许").is_visible()
