"""Sign-out by our page, by a service and by the operator, and by nobody else."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.conftest import manage

GO = "address => { location.href = address; }"
POST = """address => {
  const form = document.body.appendChild(document.createElement("form"));
  form.method = "post";
  form.action = address;
  form.submit();
}"""


def logout_url(visitor, service, **said):
    query = {
        "client_id": service.client["client_id"],
        "post_logout_redirect_uri": f"{service.url}/signed_out",
        "state": "a&b",
        **said,
    }
    return f"{visitor.host.url}/oidc/logout?{urlencode(query)}"


@pytest.mark.case(43)
def test_by_our_own_question(visitor):
    """The cookie is gone, Back brings nobody back, and a reload asks for nothing."""
    visitor.open("/login/me")
    visitor.open("/logout")
    asked = visitor.is_signed_in()
    visitor.tab.get_by_role("button", name="Sign out").click()
    expect(visitor.tab.get_by_role("heading")).to_have_text("You are signed out.")
    names = {each["name"] for each in visitor.context.cookies(visitor.host.url)}
    visitor.tab.go_back()
    visitor.tab.go_back()

    assert asked
    assert "gateway_session" not in names
    expect(visitor.sentence).to_have_text("You are not signed in.")


@pytest.mark.case(43)
def test_the_question_can_be_answered_no(visitor):
    """Then one stays signed in."""
    visitor.open("/logout")
    visitor.tab.get_by_role("link", name="Stay signed in").click()

    assert visitor.host.user()["nickname"] == visitor.told()["name"]


@pytest.mark.case(43)
@pytest.mark.parametrize("way", [GO, POST], ids=["link", "form"])
def test_another_site_cannot_do_it(visitor, service, way):
    """Its link and its form lead to the question; the cookie stays where it is."""
    visitor.tab.evaluate(way, f"{visitor.host.url}/logout")
    expect(visitor.tab.get_by_role("button", name="Sign out")).to_be_visible()

    assert visitor.is_signed_in()


@pytest.mark.case(43, 113)
def test_by_a_service_that_says_whom_it_means(visitor, service):
    """Its ID token is proof enough: one is back at once, with the service's state."""
    hint = visitor.told()["id_token"]
    address = logout_url(visitor, service, id_token_hint=hint)
    visitor.tab.evaluate(GO, address)
    visitor.arrive(f"{service.url}/signed_out")

    assert f"{service.url}/signed_out?state=a%26b" == visitor.tab.url
    assert not visitor.is_signed_in()


@pytest.mark.case(43, 116)
def test_by_a_service_that_does_not(visitor, service):
    """One is asked in its name; our policy lets the form lead back to its site."""
    visitor.tab.evaluate(GO, logout_url(visitor, service))
    asking = visitor.tab.get_by_text("Bookshop asks to sign you out.")
    expect(asking).to_be_visible()
    asked = visitor.is_signed_in()
    visitor.tab.get_by_role("button", name="Sign out").click()
    visitor.arrive(f"{service.url}/signed_out")

    assert f"{service.url}/signed_out?state=a%26b" == visitor.tab.url
    assert (True, False) == (asked, visitor.is_signed_in())


@pytest.mark.case(43)
def test_a_link_that_is_not_the_services(visitor, service):
    """It is not gone to, and nobody is signed out."""
    hint = visitor.told()["id_token"]
    elsewhere = {"post_logout_redirect_uri": f"{service.url}/elsewhere"}
    address = logout_url(visitor, service, id_token_hint=hint, **elsewhere)
    visitor.tab.evaluate(GO, address)
    visitor.arrive("/oidc/logout")

    assert "service that sent you here" in visitor.sentence.inner_text()
    assert visitor.is_signed_in()


def test_everywhere_by_the_operator(visitor, new_user, service):
    """Two browsers of one user; the next sign-in is WeChat's question again."""
    desktop = new_user()
    desktop.open("/login?next=/login/me")
    desktop.on_the_phone("confirm")
    desktop.arrive("/login/me")
    before = (visitor.is_signed_in(), desktop.is_signed_in())
    manage(visitor.host, "person", "sign-out", visitor.told()["sub"])
    after = (visitor.is_signed_in(), desktop.is_signed_in())
    visitor.open(f"{service.url}/oidc")

    assert ((True, True), (False, False)) == (before, after)
    assert visitor.tab.get_by_role("button", name="允许").is_visible()
