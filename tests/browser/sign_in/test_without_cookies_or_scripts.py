"""Sign-in without cookies or scripts: what works, and pages that explain."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT, ON_DESKTOP
from tests.support.chromium import cookie_refuser

NO_COOKIE = "This browser has not kept our cookie. Allow cookies, then start again."


@pytest.fixture(params=["desktop", "WeChat"])
def looks(request):
    return {"desktop": ON_DESKTOP, "WeChat": IN_WECHAT}[request.param]


def agree(user):
    """Agree, in WeChat's browser or with the phone, and wait for what comes then."""
    if "qrconnect" not in user.tab.url and not user.tab.locator("#qr").count():
        user.agree()
        return
    page = user.tab.url
    user.on_the_phone("confirm")
    user.tab.wait_for_url(lambda seen: seen != page)


def callbacks(user):
    return [each for each in user.visited if "/oauth_callback/" in each]


class TestCookies:
    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_lost_on_the_way(self, new_user, looks):
        """WeChat is gone to a second time by itself, and then one is signed in."""
        user = new_user(**looks)
        user.open("/login?next=/login/me")
        user.context.clear_cookies()
        agree(user)
        agree(user)
        user.arrive("/login/me")

        assert 2 == len(callbacks(user))
        assert user.is_signed_in()

    @pytest.mark.case(32)
    @pytest.mark.bug(1)
    def test_lost_by_a_service_on_the_way(self, new_user, looks, service):
        """The second attempt ends with the state that the service gave the first."""
        user = new_user(**looks)
        user.open(f"{service.url}/oidc")
        user.context.clear_cookies()
        agree(user)
        agree(user)
        user.arrive(f"{service.url}/signed_in")

        assert user.host.user()["nickname"] == user.told()["name"]

    @pytest.mark.case(32)
    def test_blocked(self, new_user, looks, browser, tmp_path):
        """Once more by itself, then a page with a button; it never goes round."""
        user = new_user(browser=cookie_refuser(browser, tmp_path), **looks)
        user.open("/login?next=/login/me")
        agree(user)
        agree(user)
        expect(user.sentence).to_have_text(NO_COOKIE)
        before = len(callbacks(user))
        user.tab.get_by_role("link", name="Start again").click()
        agree(user)
        agree(user)
        expect(user.sentence).to_have_text(NO_COOKIE)

        assert (2, 4) == (before, len(callbacks(user)))
        assert [] == user.host.journal("/sns/oauth2/access_token")

    @pytest.mark.case(32)
    def test_blocked_where_nobody_is_asked(
        self, new_user, browser, tmp_path, silent_service
    ):
        """No question stops the browser, and still it comes to rest."""
        user = new_user(browser=cookie_refuser(browser, tmp_path), **IN_WECHAT)
        user.open(f"{silent_service.url}/oidc")
        expect(user.sentence).to_have_text(NO_COOKIE)
        home = user.tab.get_by_role("link", name="Go to Silent")

        assert 2 == len(callbacks(user))
        assert f"{silent_service.url}/" == home.get_attribute("href")


class TestScripts:
    def test_off_on_desktop(self, new_user):
        """A link shows WeChat's code in the whole window; from there WeChat goes on."""
        desktop = new_user(java_script_enabled=False)
        desktop.open("/login?next=/login/me")
        expect(desktop.tab.locator("#qr")).to_be_hidden()
        desktop.tab.get_by_role("link", name="Open the QR code in its own page").click()

        assert desktop.tab.url.startswith(
            f"{desktop.host.sandbox_url}/connect/qrconnect?"
        )
        assert desktop.qr()

    def test_off_in_wechat(self, new_user, service):
        """Everything of ours works: sign-in, the question, the way to a service."""
        phone = new_user(**IN_WECHAT, java_script_enabled=False)
        phone.open(f"{service.url}/oidc")
        phone.agree()
        phone.arrive(f"{service.url}/signed_in")
        phone.open("/logout")
        phone.tab.get_by_role("button", name="Sign out").click()
        expect(phone.tab.get_by_role("heading")).to_have_text("You are signed out.")

        assert not phone.is_signed_in()
