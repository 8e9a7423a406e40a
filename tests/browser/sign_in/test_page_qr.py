"""A computer and a phone, each a Chromium of its own: a QR code and four digits."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.conftest import manage
from tests.browser.sign_in.user import IN_WECHAT
from tests.support.chromium import OwnBrowser
from tests.support.qr_reader import modules_of, read

WITHOUT_SCRIPTS = {"java_script_enabled": False}
AGENT = IN_WECHAT["user_agent"]


@pytest.fixture
def phone(new_user, browser, tmp_path):
    """A phone in WeChat; its browser shares nothing with the computer's."""
    return new_user(browser=OwnBrowser(browser, tmp_path / "phone"), **IN_WECHAT)


@pytest.fixture
def another_phone(new_user, browser, tmp_path):
    return new_user(browser=OwnBrowser(browser, tmp_path / "another"), **IN_WECHAT)


def scanned(computer):
    """Return the text of the QR code, as a scanner reads it from the picture."""
    return read(modules_of(computer.tab.get_attribute("img.symbol", "src")))


def agree(phone, address):
    """Scan, agree on WeChat's consent sheet and see our question."""
    phone.open(address)
    phone.agree()
    expect(phone.tab.get_by_role("heading")).to_have_text("Sign in on a computer?")


def confirm(phone):
    """Confirm, and return the digits."""
    phone.tab.get_by_role("button", name="Confirm", exact=True).click()
    digits = phone.tab.locator(".digits")
    expect(digits).to_have_text(re.compile(r"^\d{4}$"))
    return digits.inner_text()


def type_digits(computer, digits):
    computer.tab.get_by_label("Four digits").fill(digits)
    computer.tab.get_by_role("button", name="Sign in").click()


@pytest.mark.case(148)
def test_scan_confirm_and_type(host, new_user, small_service, phone):
    """The computer goes on by itself when the phone has confirmed, and types."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    address = scanned(computer)
    agree(phone, address)
    shown = dict(
        zip(
            phone.tab.locator("dt").all_inner_texts(),
            phone.tab.locator("dd").all_inner_texts(),
            strict=True,
        )
    )
    digits = confirm(phone)
    expect(computer.tab.get_by_role("heading")).to_have_text("Type the four digits")
    type_digits(computer, digits)
    computer.arrive(f"{small_service.url}/signed_in")
    told = computer.told()
    phone.tab.reload()

    assert address.startswith(f"{host.url}/login/scan/")
    assert ("Corner shop", "not known") == (
        shown["Service"],
        shown["IP address of the computer"],
    )
    assert "Chrome" in shown["Computer"]
    assert host.user()["nickname"] == told["name"] == shown["Your WeChat name"]
    expect(phone.tab.get_by_role("heading")).to_have_text(
        "You are signed in on the computer."
    )
    assert computer.is_signed_in()
    assert not phone.is_signed_in()


def test_without_scripts(host, new_user, small_service, phone):
    """The computer's page reloads itself until the phone has confirmed."""
    computer = new_user(**WITHOUT_SCRIPTS)
    computer.open(f"{small_service.url}/oauth2")
    agree(phone, scanned(computer))
    digits = confirm(phone)
    expect(computer.tab.get_by_role("heading")).to_have_text("Type the four digits")
    type_digits(computer, digits)
    computer.arrive(f"{small_service.url}/signed_in")

    assert host.user()["nickname"] == computer.told()["nickname"]


def test_by_hand(host, new_user, small_service, phone):
    """Whoever does not wait presses the button; WeChat's other protocol works too."""
    computer = new_user(**WITHOUT_SCRIPTS)
    computer.open(f"{small_service.url}/qrconnect")
    address = scanned(computer)
    button = computer.tab.get_by_role("link", name="I have confirmed on my phone")
    button.click()
    assert address == scanned(computer)
    agree(phone, address)
    digits = confirm(phone)
    computer.tab.get_by_role("link", name="I have confirmed on my phone").click()
    type_digits(computer, digits)
    computer.arrive(f"{small_service.url}/signed_in")

    assert host.user()["nickname"] == computer.told()["nickname"]


@pytest.mark.case(143)
def test_wrong_digits(new_user, small_service, phone):
    """Two may be wrong; with the third the sign-in ends, and can be started again."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    agree(phone, scanned(computer))
    digits = confirm(phone)
    wrong = f"{(int(digits) + 5) % 10_000:04}"
    expect(computer.tab.get_by_label("Four digits")).to_be_visible()
    for left in (2, 1):
        type_digits(computer, wrong)
        expect(computer.tab.get_by_role("alert")).to_contain_text(f"Tries left: {left}")
    type_digits(computer, wrong)
    expect(computer.sentence).to_contain_text("wrong too often")
    computer.tab.get_by_role("link", name="Start again").click()

    assert scanned(computer).startswith(f"{phone.host.url}/login/scan/")
    assert not computer.is_signed_in()


@pytest.mark.case(145)
def test_two_phones(new_user, small_service, phone, another_phone):
    """Both of one user get the same digits; a refusal ends it for both."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    address = scanned(computer)
    agree(phone, address)
    digits = confirm(phone)
    expect(computer.tab.get_by_label("Four digits")).to_be_visible()
    another_phone.open(address)
    another_phone.agree()
    expect(another_phone.tab.locator(".digits")).to_have_text(digits)
    another_phone.tab.get_by_role("button", name="Stop this sign-in").click()
    expect(another_phone.tab.get_by_role("heading")).to_have_text(
        "You have refused this sign-in."
    )
    type_digits(computer, digits)

    expect(computer.sentence).to_have_text("The sign-in was refused on the phone.")


def test_the_user_refuses(new_user, small_service, phone):
    """The computer's page says so by itself."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    agree(phone, scanned(computer))
    phone.tab.get_by_role("button", name="Refuse: this is not me").click()

    expect(computer.sentence).to_have_text("The sign-in was refused on the phone.")


@pytest.mark.case(147)
def test_the_qr_code_expires(host, new_user, small_service, phone):
    """The page says so, and leads to a new one."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    address = scanned(computer)
    host.expire_keys("gateway:confirmation:*", milliseconds=599_000)
    expect(computer.sentence).to_contain_text("has expired")
    phone.open(address)
    expect(phone.sentence).to_contain_text("has expired")
    computer.tab.get_by_role("link", name="Start again").click()
    expect(computer.tab.locator("img.symbol")).to_be_visible()

    assert address != scanned(computer)


def test_another_scanner_and_the_same_browser(new_user, small_service):
    """The one is sent to WeChat's scanner, the other to a phone."""
    computer = new_user()
    computer.open(f"{small_service.url}/oidc")
    address = scanned(computer)
    other = new_user()
    other.open(address)
    expect(other.tab.get_by_role("heading")).to_have_text(
        "Scan the QR code with WeChat"
    )
    computer.open(address)
    expect(computer.sentence).to_contain_text("shows the QR code")


def test_a_phone_without_wechats_browser_uses_a_second_one(
    host, new_user, small_service, phone
):
    """The page of a mobile browser leads to the QR code."""
    mobile = new_user(
        user_agent="Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36",
        viewport={"width": 360, "height": 740},
    )
    mobile.open(f"{small_service.url}/oidc")
    mobile.tab.get_by_text("Use a second phone instead").click()
    mobile.tab.get_by_role("link", name="Open the QR code in its own page").click()
    agree(phone, scanned(mobile))
    digits = confirm(phone)
    expect(mobile.tab.get_by_label("Four digits")).to_be_visible()
    type_digits(mobile, digits)
    mobile.arrive(f"{small_service.url}/signed_in")

    assert host.user()["nickname"] == mobile.told()["name"]


def test_a_silent_app(host, new_user, silent_service, phone):
    """The phone is asked nothing by WeChat, and all the same by us."""
    computer = new_user()
    computer.open(f"{silent_service.url}/oidc")
    phone.open(scanned(computer))
    expect(phone.tab.get_by_role("heading")).to_have_text("Sign in on a computer?")
    digits = confirm(phone)
    expect(computer.tab.get_by_label("Four digits")).to_be_visible()
    type_digits(computer, digits)
    computer.arrive(f"{silent_service.url}/signed_in")

    assert host.user()["openid"][computer.told()["wechat_appid"]]


def test_a_tap(host, new_user, small_service, phone):
    """Where the client wants no digits, the computer goes on after the tap."""
    client_id = small_service.client["client_id"]
    manage(host, "client", "update", client_id, "--confirm=tap")
    try:
        computer = new_user()
        computer.open(f"{small_service.url}/oidc")
        agree(phone, scanned(computer))
        phone.tab.get_by_role("button", name="Confirm", exact=True).click()
        computer.arrive(f"{small_service.url}/signed_in")
        expect(phone.tab.get_by_role("heading")).to_have_text(
            re.compile("You have confirmed|You are signed in on the computer")
        )
    finally:
        manage(host, "client", "update", client_id, "--confirm=digits")

    assert host.user()["nickname"] == computer.told()["name"]


class TestWebView:
    @pytest.fixture
    def address(self, host):
        """The URL that a mini program gets for its web-view."""
        app = host.app("miniprogram")
        who = {"appid": app["appid"], "openid": host.user()["openid"][app["appid"]]}
        js_code = host.sandbox("POST", "/_sandbox/js_code", who)["code"]
        posted = {"js_code": js_code}
        session = self._post(host, "/login/miniprogram", posted)["session_token"]
        bearer = {"Authorization": f"Bearer {session}"}
        asked = {"next": "/login/me"}
        return self._post(host, "/login/miniprogram/webview", asked, bearer)["url"]

    @staticmethod
    def _post(host, path, content, headers=None):
        answer = host.http.request(
            "POST", f"{host.url}{path}", json=content, headers=headers or {}
        )
        assert answer.status == 200, answer.data
        return answer.json()

    def test_at_once(self, host, new_user, browser, tmp_path, address):
        """In a mini program's web-view nobody taps, and `next` is shown."""
        app = host.app("miniprogram")["appid"]
        agent = f"{AGENT} miniProgram/{app}"
        looks = {**IN_WECHAT, "user_agent": agent}
        view = new_user(browser=OwnBrowser(browser, tmp_path / "view"), **looks)
        view.open(address)
        view.arrive("/login/me")

        assert host.user()["openid"][app] == view.told()["wechat_openid"]

    @pytest.mark.case(150)
    def test_elsewhere_the_user_decides(self, host, new_user, address):
        """The page waits for a tap; without scripts inside WeChat, too."""
        for looks in ({}, {**IN_WECHAT, **WITHOUT_SCRIPTS}):
            view = new_user(**looks)
            view.open(address)
            expect(view.tab.get_by_role("heading")).to_contain_text("Continue as")
            assert not view.is_signed_in()
        view.tab.get_by_role("button", name="Continue").click()
        view.arrive("/login/me")

        assert view.is_signed_in()
