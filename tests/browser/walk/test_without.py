"""Without cookies, or without scripts: as far as it goes, and a page that says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.walk.person import AT_A_DESK, IN_WECHAT
from tests.support.chromium import CookieRefuser

NO_COOKIE = "This browser has not kept our cookie. Allow cookies, then start again."


@pytest.fixture(params=["desk", "WeChat"])
def looks(request):
    return {"desk": AT_A_DESK, "WeChat": IN_WECHAT}[request.param]


def agree(person):
    """Agree, in WeChat's browser or with the phone, and wait for what comes then."""
    if "qrconnect" not in person.tab.url and not person.tab.locator("#qr").count():
        person.agree()
        return
    page = person.tab.url
    person.on_the_phone("confirm")
    person.tab.wait_for_url(lambda seen: seen != page)


def callbacks(person):
    return [each for each in person.visited if "/oauth_callback/" in each]


class TestCookies:
    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_lost_on_the_way(self, meet, looks):
        """WeChat is gone to a second time by itself, and then one is signed in."""
        person = meet(**looks)
        person.open("/login?next=/login/me")
        person.context.clear_cookies()
        agree(person)
        agree(person)
        person.arrive("/login/me")

        assert 2 == len(callbacks(person))
        assert person.is_signed_in()

    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_lost_by_a_service_on_the_way(self, meet, looks, service):
        """The second attempt ends with the state that the service gave the first."""
        person = meet(**looks)
        person.open(f"{service.url}/oidc")
        person.context.clear_cookies()
        agree(person)
        agree(person)
        person.arrive(f"{service.url}/signed_in")

        assert person.host.user()["nickname"] == person.told()["name"]

    @pytest.mark.case(32)
    def test_blocked(self, meet, looks, browser, tmp_path):
        """Once more by itself, then a page with a button; it never goes round."""
        person = meet(browser=CookieRefuser(browser, tmp_path), **looks)
        person.open("/login?next=/login/me")
        agree(person)
        agree(person)
        expect(person.tab.get_by_role("heading")).to_have_text(NO_COOKIE)
        before = len(callbacks(person))
        person.tab.get_by_role("link", name="Start again").click()
        agree(person)
        agree(person)
        expect(person.tab.get_by_role("heading")).to_have_text(NO_COOKIE)

        assert (2, 4) == (before, len(callbacks(person)))
        assert [] == person.host.journal("/sns/oauth2/access_token")

    @pytest.mark.case(32)
    def test_blocked_where_nobody_is_asked(
        self, meet, browser, tmp_path, silent_service
    ):
        """No question stops the browser, and still it comes to rest."""
        person = meet(browser=CookieRefuser(browser, tmp_path), **IN_WECHAT)
        person.open(f"{silent_service.url}/oidc")
        expect(person.tab.get_by_role("heading")).to_have_text(NO_COOKIE)
        home = person.tab.get_by_role("link", name="Go to the home page")

        assert 2 == len(callbacks(person))
        assert f"{silent_service.url}/" == home.get_attribute("href")


class TestScripts:
    def test_off_at_a_desk(self, meet):
        """A link shows WeChat's code in the whole window; from there WeChat goes on."""
        desk = meet(java_script_enabled=False)
        desk.open("/login?next=/login/me")
        expect(desk.tab.locator("#qr")).to_be_hidden()
        desk.tab.get_by_role("link", name="Open the QR code in its own page").click()

        assert desk.tab.url.startswith(f"{desk.host.sandbox_url}/connect/qrconnect?")
        assert desk.qr()

    def test_off_in_wechat(self, meet, service):
        """Everything of ours works: sign-in, the question, the way to a service."""
        phone = meet(**IN_WECHAT, java_script_enabled=False)
        phone.open(f"{service.url}/oidc")
        phone.agree()
        phone.arrive(f"{service.url}/signed_in")
        phone.open("/logout")
        phone.tab.get_by_role("button", name="Sign out").click()
        expect(phone.tab.get_by_role("heading")).to_have_text("You are signed out.")

        assert not phone.is_signed_in()
