"""Authorization pages in a real browser, used the way a merchant uses them."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.support.chromium import IPHONE_WECHAT, chromium

COMPUTER = {"width": 1280, "height": 860}
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def open_tab(browser):
    """Return a function that opens a tab in a context of its own."""
    contexts = []

    def open_one(viewport, **more):
        context = browser.new_context(viewport=viewport, **more)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def link(component, path, **more):
    answer = component.ask("api_create_preauthcode", component.token())
    pairs = {
        **more,
        "component_appid": component.appid,
        "pre_auth_code": answer["pre_auth_code"],
        "redirect_uri": component.callback.url,
    }
    return f"{component.sandbox.url}{path}?{urlencode(pairs)}"


def test_a_computer_and_the_phones_page(component, open_tab):
    """The phone's page shows the QR code; the computer follows by itself."""
    computer, phone = open_tab(COMPUTER), open_tab(PHONE)
    address = link(component, "/cgi-bin/componentloginpage")
    computer.goto(address, referer=component.callback.url)
    phone.goto(f"{component.sandbox.url}/_sandbox/phone")
    phone.get_by_role("link", name="扫码").click()

    expect(computer.locator("#login")).to_have_attribute("data-state", "scanned")
    phone.get_by_label("菜单管理").uncheck()
    phone.get_by_role("button", name="授权").click()
    computer.wait_for_url(f"{component.callback.url}&auth_code=*&expires_in=600")
    code = computer.url.partition("auth_code=")[2].partition("&")[0]
    info = component.exchange(code.replace("%40", "@"))
    granted = [one["funcscope_category"]["id"] for one in info["func_info"]]

    assert 1 in granted
    assert 15 not in granted
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("fragment", ["#wechat_redirect", ""])
def test_inside_wechat(component, open_tab, fragment):
    """The sheet leads back; without the fragment it has no button."""
    phone = open_tab(PHONE, user_agent=IPHONE_WECHAT)
    address = link(component, "/wxaopen/safe/bindcomponent", action="bindcomponent")
    phone.goto(address + fragment, referer=component.callback.url)
    button = phone.get_by_role("button", name="授权")
    if not fragment:
        expect(phone.get_by_text("链接缺少 #wechat_redirect")).to_be_visible()
        expect(button).to_have_count(0)
        return
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button.click()
    phone.wait_for_url(f"{component.callback.url}&auth_code=*")
