"""A computer, the service account's QR code, and the simulated phone's chat."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.conftest import manage, register
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.test_page_qr import WITHOUT_SCRIPTS, type_digits
from tests.support.qr_reader import modules_of, read

MESSAGE = "Four digits: "


@pytest.fixture(scope="module")
def account_service(shared_host):
    """A service whose computers show the account's QR code."""
    with Service(shared_host.url) as running:
        appids = [shared_host.app(kind)["appid"] for kind in ("service", "website")]
        running.client = register(
            shared_host, "Tea house", running, appids, more=["--account-qr"]
        )
        yield running


@pytest.fixture
def account(host):
    """The service account; the platform pushes to the gateway."""
    app = host.app("service")
    url = f"{host.url}/wechat_event/{app['appid']}"
    change = {"appid": app["appid"], "callback_url": url}
    return host.sandbox("POST", "/_sandbox/apps", change)


@pytest.fixture
def phone(new_user, host, account):
    """The simulated phone's screen, in a browser window of its own."""
    user = new_user(viewport={"width": 390, "height": 844})
    user.open(f"{host.sandbox_url}/_sandbox/phone")
    return user


def hold(host, phone, nickname):
    """Give the phone to another user."""
    phone.tab.get_by_role("button", name=nickname).click()
    expect(phone.tab.get_by_role("button", name=nickname)).to_have_attribute(
        "aria-pressed", "true"
    )


def scan(phone, computer):
    """Press the button beside the QR code that the computer shows."""
    text = read(modules_of(computer.tab.get_attribute("img.symbol", "src")))
    row = phone.tab.locator(".row", has_text=text)
    row.get_by_role("button", name="扫码").click()
    return phone.tab.locator(".chat").first


def digits_in(message):
    expect(message).to_contain_text(MESSAGE)
    return re.search(rf"{MESSAGE}(\d{{4}})", message.inner_text())[1]


@pytest.mark.parametrize("nickname", ["张晓雨", "陌生的读者"])
def test_scan_and_type(host, new_user, account_service, phone, nickname):
    """A follower, and somebody who follows by the scan, both within the chat."""
    computer = new_user()
    hold(host, phone, nickname)
    computer.open(f"{account_service.url}/oidc")
    message = scan(phone, computer)
    digits = digits_in(message)
    for part in ("Tea house", "Chrome", "not known", "(UTC+8)", host.url):
        expect(message).to_contain_text(part)
    expect(computer.tab.get_by_role("heading")).to_have_text("Type the four digits")
    type_digits(computer, digits)
    computer.arrive(f"{account_service.url}/signed_in")
    user = next(
        each
        for each in host.sandbox("GET", "/_sandbox/users")
        if each["nickname"] == nickname
    )
    told = computer.told()

    assert user["unionid"] == told["wechat_unionid"]
    assert computer.is_signed_in()
    assert not any("/oauth_callback/" in each for each in computer.visited)


def test_without_scripts(new_user, account_service, phone):
    """The computer's page reloads itself until somebody has scanned."""
    computer = new_user(**WITHOUT_SCRIPTS)
    computer.open(f"{account_service.url}/qrconnect")
    digits = digits_in(scan(phone, computer))
    expect(computer.tab.get_by_role("heading")).to_have_text("Type the four digits")
    type_digits(computer, digits)
    computer.arrive(f"{account_service.url}/signed_in")


def test_another_user_scans_the_same_code(host, new_user, account_service, phone):
    """The message says that somebody was first, and has no digits."""
    computer = new_user()
    computer.open(f"{account_service.url}/oidc")
    digits = digits_in(scan(phone, computer))
    hold(host, phone, "小鹿")
    second = phone.tab.locator(".row", has_text="weixin.qq.com/q/").first
    second.get_by_role("button", name="扫码").click()
    message = phone.tab.locator(".chat").first
    expect(message).to_contain_text("Another WeChat user has scanned")
    expect(message).not_to_contain_text(digits)


def test_a_tap(host, new_user, account_service, phone):
    """The message leads to the question; the computer goes on after the tap."""
    client_id = account_service.client["client_id"]
    manage(host, "client", "update", client_id, "--confirm=tap")
    try:
        computer = new_user()
        computer.open(f"{account_service.url}/oidc")
        message = scan(phone, computer)
        with phone.context.expect_page() as opened:
            message.get_by_role("link", name="Confirm or refuse").click()
        page = opened.value
        expect(page.get_by_role("heading")).to_have_text("Sign in on a computer?")
        page.get_by_role("button", name="Confirm", exact=True).click()
        computer.arrive(f"{account_service.url}/signed_in")
        expect(page.get_by_role("heading")).to_have_text(
            re.compile("You have confirmed|You are signed in on the computer")
        )
    finally:
        manage(host, "client", "update", client_id, "--confirm=digits")

    assert not phone.is_signed_in()


def test_the_code_expires(host, new_user, account_service, phone):
    """The page says so, and leads to a new one."""
    computer = new_user()
    computer.open(f"{account_service.url}/oidc")
    before = computer.tab.get_attribute("img.symbol", "src")
    host.expire_keys("gateway:confirmation:*", milliseconds=599_000)
    expect(computer.sentence).to_contain_text("has expired")
    message = phone.tab.locator(".row", has_text="weixin.qq.com/q/").first
    message.get_by_role("button", name="扫码").click()
    expect(phone.tab.locator(".chat").first).to_contain_text("has expired")
    computer.tab.get_by_role("link", name="Start again").click()
    expect(computer.tab.locator("img.symbol")).to_be_visible()

    assert before != computer.tab.get_attribute("img.symbol", "src")


def test_an_account_that_cannot(host, new_user, account_service):
    """The page says so at once."""
    fault = {"path": "/cgi-bin/qrcode/create", "errcode": 48001}
    host.add_fault(**fault)
    computer = new_user()
    computer.open(f"{account_service.url}/oidc")

    expect(computer.sentence).to_contain_text("cannot make QR codes for a sign-in")
