"""The back and reload buttons at every step: each continues, no code is used twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
def desktop(new_user):
    return new_user()


@pytest.fixture
def phone(new_user):
    return new_user(**IN_WECHAT)


def sign_in(user):
    user.open("/login?next=/login/me")
    user.agree()
    user.arrive("/login/me")


class TestOnDesktop:
    def test_reload_with_the_code_unscanned(self, desktop):
        """There is a new QR code, and it works."""
        desktop.open("/login?next=/login/me")
        first = desktop.qr()
        desktop.tab.reload()

        assert first != desktop.qr()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

    @pytest.mark.parametrize("step", ["reload", "go_back"])
    def test_with_the_code_scanned_and_unconfirmed(self, desktop, step):
        """The old code leads nowhere any more; the page's own one works."""
        desktop.open("/login?next=/login/me")
        desktop.open("/login?next=/login/me&lang=en")  # another entry in the history
        old = desktop.qr()
        desktop.on_the_phone("scan")
        getattr(desktop.tab, step)()
        expect(desktop.in_frame("[data-state=waiting]")).to_be_visible()

        desktop.host.sandbox("POST", "/_sandbox/phone/confirm", {"uuid": old})
        assert not desktop.is_signed_in()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

    def test_back_from_the_last_page(self, desktop):
        """The page with the QR code is there anew, and signs in once more."""
        desktop.open("/login?next=/login/me")
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")
        desktop.tab.go_back()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")
        desktop.tab.reload()

        assert desktop.is_signed_in()
        assert desktop.host.user()["nickname"] == desktop.told()["name"]

    def test_between_our_page_and_wechats_own(self, desktop):
        """From the QR code in its own page, back and forth; both of them sign in."""
        desktop.open("/login?next=/login/me")
        desktop.tab.get_by_role("link", name="Open the QR code in its own page").click()
        desktop.qr()
        desktop.tab.go_back()
        desktop.qr()
        desktop.tab.go_forward()
        desktop.tab.reload()
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")

        assert desktop.is_signed_in()

    def test_back_from_a_service(self, desktop, service):
        """One is sent to it again, with the same state; whether it minds is its own."""
        desktop.open(f"{service.url}/")
        desktop.open(f"{service.url}/oidc")
        desktop.on_the_phone("confirm")
        desktop.arrive(f"{service.url}/signed_in")
        desktop.tab.go_back()
        before, after = service.answers[-2:]

        assert desktop.tab.url.startswith(f"{service.url}/signed_in?")
        assert before["state"] == after["state"]
        assert before["code"] != after["code"]


class TestInWeChat:
    def test_reload_of_the_sheet(self, phone):
        """WeChat asks again, with the same state; the answer counts."""
        phone.open("/login?next=/login/me")
        phone.tab.reload()
        phone.agree()
        phone.arrive("/login/me")

        assert phone.is_signed_in()

    @pytest.mark.case(48, 49)
    def test_back_to_the_sheet(self, phone):
        """Agreeing twice is agreeing: the second code is never sent to WeChat."""
        sign_in(phone)
        phone.tab.go_back()
        phone.agree()
        phone.arrive("/login/me")

        assert phone.is_signed_in()
        assert 1 == len(phone.host.journal(EXCHANGE))

    @pytest.mark.case(49)
    def test_the_callback_once_more(self, phone):
        """By its address, and by a reload of where it leads."""
        sign_in(phone)
        for _ in range(2):
            phone.open(phone.callback())
            phone.tab.reload()

        assert phone.tab.url.startswith(f"{phone.host.url}/login/me")
        assert 1 == len(phone.host.journal(EXCHANGE))

    @pytest.mark.case(50)
    def test_the_callback_a_minute_later(self, phone):
        """A page that leads on; whoever was signed in still is."""
        sign_in(phone)
        phone.host.remove_keys("gateway:flow:*:done")  # as a minute does
        answer = phone.open(phone.callback())
        phone.tab.reload()

        assert 400 == answer.status
        assert phone.is_signed_in()
        assert 1 == len(phone.host.journal(EXCHANGE))
        phone.tab.get_by_role("link", name="Start again").click()
        phone.agree()
        phone.arrive("/login/me")

    @pytest.mark.case(50)
    def test_back_to_the_sheet_a_minute_later(self, phone):
        """The user agreed to a sign-in that is over: the page begins a new one."""
        sign_in(phone)
        phone.tab.go_back()
        phone.host.remove_keys("gateway:flow:*:done")
        phone.agree()
        phone.tab.get_by_role("link", name="Start again").click()
        phone.agree()
        phone.arrive("/login/me")

        assert 2 == len(phone.host.journal(EXCHANGE))

    @pytest.mark.case(36, 50)
    def test_the_callback_of_yesterday(self, phone):
        """Even if nothing of it is stored any more, the page has a link."""
        sign_in(phone)
        phone.host.remove_keys("gateway:flow:*")
        answer = phone.open(phone.callback())
        phone.tab.get_by_role("link", name="Start again").click()
        phone.agree()
        phone.arrive("/login/me")

        assert 400 == answer.status

    def test_the_callback_of_a_service_a_minute_later(self, phone, service):
        """The page leads home to the service that the sign-in was for."""
        phone.open(f"{service.url}/oidc")
        phone.agree()
        phone.arrive(f"{service.url}/signed_in")
        phone.host.remove_keys("gateway:flow:*:done")
        phone.open(phone.callback())
        phone.tab.get_by_role("link", name="Go to the home page").click()

        assert f"{service.url}/" == phone.tab.url

    def test_back_over_a_silent_sign_in(self, phone, silent_service):
        """There is no page to be caught on: back is where one came from."""
        phone.open(f"{silent_service.url}/")
        phone.open(f"{silent_service.url}/oidc")
        phone.tab.go_back()

        assert f"{silent_service.url}/" == phone.tab.url
