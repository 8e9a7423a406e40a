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
        """The page offers to go on; for another user there is a QR code anew."""
        desktop.open("/login?next=/login/me")
        desktop.on_the_phone("confirm")
        desktop.arrive("/login/me")
        desktop.tab.go_back()
        desktop.tab.get_by_role("link", name="Continue as").click()
        desktop.arrive("/login/me")
        desktop.tab.go_back()
        desktop.tab.get_by_role("link", name="Use another WeChat account").click()
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

    @pytest.mark.parametrize("way", ["oidc", "qrconnect"])
    def test_back_from_a_service(self, desktop, service, way):
        """The page says that the user is signed in; no second code goes anywhere."""
        desktop.open(f"{service.url}/")
        desktop.open(f"{service.url}/{way}")
        desktop.on_the_phone("confirm")
        desktop.arrive(f"{service.url}/signed_in")
        answers = len(service.answers)
        for step in ("go_back", "reload"):
            getattr(desktop.tab, step)()
            heading = desktop.tab.get_by_role("heading")
            expect(heading).to_have_text("You are signed in to Bookshop.")
        desktop.tab.wait_for_timeout(300)

        assert answers == len(service.answers)
        desktop.tab.get_by_role("link", name="Go to Bookshop").click()
        assert f"{service.url}/" == desktop.tab.url

    @pytest.mark.parametrize("scripts", [True, False])
    def test_a_service_with_a_constant_state(self, new_user, service, scripts):
        """The same request once more is answered without a click; or by one."""
        user = new_user(**IN_WECHAT, java_script_enabled=scripts)
        request = service.begin("oauth2", {"state": "constant"})
        user.open(request)
        user.agree()
        user.arrive(f"{service.url}/signed_in")
        answers = len(service.answers)
        user.open(request)
        if not scripts:
            user.tab.get_by_role("link", name="Sign in again").click()
        user.arrive(f"{service.url}/signed_in")

        (answer,) = service.answers[answers:]
        assert "code" in answer
        assert "constant" == answer["state"]

    @pytest.mark.parametrize("path", ["/login?next=/login/me", "oidc"])
    def test_a_page_renews_itself(self, new_user, service, path):
        """Without scripts too, as often as it takes an hour; then there is a link."""
        user = new_user(java_script_enabled=False)
        user.open(path if "/" in path else service.begin("oidc", {}))
        seen = {user.tab.content()}
        for count in range(1, 7):
            user.tab.route("**/*", sooner, times=1)
            with user.tab.expect_navigation(url=f"**_renewed={count}", timeout=9000):
                user.tab.reload()
            seen.add(user.tab.content())
        assert 7 == len(seen)

        user.open(user.tab.url.replace("_renewed=6", "_renewed=7"))
        heading = user.tab.get_by_role("heading")
        expect(heading).to_have_text("This page has been open for a long time.")
        user.tab.get_by_role("link", name="Start again").click()
        assert "_renewed" not in user.tab.url

    def test_a_computer_that_slept(self, desktop, service):
        """The page renews itself when it is seen again, and its QR code works."""
        desktop.open(service.begin("oidc", {}))
        old = desktop.qr()
        desktop.tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert old == desktop.qr()
        desktop.tab.evaluate(
            "() => { const then = Date.now() + 541e3; Date.now = () => then; }"
        )
        with desktop.tab.expect_navigation(url="**_renewed=1"):
            desktop.tab.evaluate(
                "document.dispatchEvent(new Event('visibilitychange'))"
            )
        assert old != desktop.qr()
        desktop.on_the_phone("confirm")
        desktop.arrive(f"{service.url}/signed_in")

        assert "sub" in desktop.told()


def sooner(route):
    """Let the page renew itself after a second in place of nine minutes."""
    answer = route.fetch()
    assert 'content="540; url=' in answer.text()
    route.fulfill(response=answer, body=answer.text().replace('"540;', '"1;'))


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
        phone.tab.get_by_role("link", name="Go to Bookshop").click()

        assert f"{service.url}/" == phone.tab.url

    @pytest.mark.parametrize("minutes", [0, 1])
    @pytest.mark.parametrize("way", ["oidc", "oauth2"])
    def test_back_to_the_sheet_from_a_service(self, phone, service, way, minutes):
        """Whoever agrees once more is told that it is done."""
        phone.open(f"{service.url}/{way}")
        phone.agree()
        phone.arrive(f"{service.url}/signed_in")
        answers = len(service.answers)
        phone.tab.go_back()
        if minutes:
            phone.host.remove_keys("gateway:flow:*:done")
        phone.agree()
        heading = phone.tab.get_by_role("heading")
        expect(heading).to_have_text("You are signed in to Bookshop.")

        assert answers == len(service.answers)

    def test_back_over_a_silent_sign_in(self, phone, silent_service):
        """There is no page to be caught on: back is where one came from."""
        phone.open(f"{silent_service.url}/")
        phone.open(f"{silent_service.url}/oidc")
        phone.tab.go_back()

        assert f"{silent_service.url}/" == phone.tab.url
