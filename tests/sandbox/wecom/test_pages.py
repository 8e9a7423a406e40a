"""WeCom's pages in a real browser, used the way a member uses them."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.sandbox.wecom.conftest import BACK, CLIENT
from tests.support.chromium import chromium

PHONE = {"width": 390, "height": 780}
DESKTOP = {"width": 1280, "height": 860}
LANDED = re.compile(f"^{re.escape(BACK)}&code=")


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def open_tab(browser):
    """Return a function that opens a tab, whose way back to the site is answered."""
    contexts, errors = [], []

    def open_one(viewport, **more):
        context = browser.new_context(viewport=viewport, **{"locale": "zh-CN", **more})
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.set_default_timeout(5000)
        context.route(
            "http://127.0.0.1:8080/**", lambda route: route.fulfill(body="back")
        )
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def login_page(own, **more):
    query = {"login_type": "CorpApp", "appid": own.corpid, "agentid": own.agentid}
    query |= {"redirect_uri": BACK, "state": "s", **more}
    return f"{own.sandbox.url}/wwlogin/sso/login?{urlencode(query)}"


def consent_page(own, fragment="#wechat_redirect"):
    query = own.link(scope="snsapi_privateinfo")
    return f"{own.sandbox.url}/connect/oauth2/authorize?{query}{fragment}"


def code_of(tab):
    expect(tab).to_have_url(LANDED)
    return parse_qs(urlsplit(tab.url).query)["code"][0]


def is_wider_than_the_window(tab):
    return tab.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


def test_a_qr_code_is_scanned_and_confirmed_on_the_phone(own, open_tab):
    """The page follows by itself."""
    tab, phone = open_tab(DESKTOP), open_tab(PHONE)
    tab.goto(login_page(own))
    phone.goto(f"{own.sandbox.url}/_sandbox/phone")
    phone.get_by_role("button", name="扫码", exact=True).click()
    expect(tab.get_by_text("请在手机上确认登录")).to_be_visible()
    phone.get_by_role("button", name="取消", exact=True).click()
    expect(tab.get_by_text("你已取消此次登录")).to_be_visible()
    phone.get_by_role("button", name="扫码", exact=True).click()
    phone.get_by_role("button", name="登录", exact=True).click()

    answer = own.get("auth/getuserinfo", code=code_of(tab))
    assert answer["userid"] == "ZhangSan"


def test_one_click_on_the_computer(own, open_tab):
    tab = open_tab(PHONE)
    tab.goto(login_page(own, lang="en"))
    assert not is_wider_than_the_window(tab)
    tab.get_by_role("button", name="Sign in with one click").click()

    assert own.get("auth/getuserinfo", code=code_of(tab))["userid"] == "ZhangSan"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_member_leaves_something_out(own, open_tab, viewport):
    tab = open_tab(viewport, user_agent=CLIENT["User-Agent"])
    tab.goto(consent_page(own))
    assert not is_wider_than_the_window(tab)
    tab.get_by_label("手机", exact=True).uncheck()
    tab.get_by_role("button", name="同意").click()

    ticket = own.get("auth/getuserinfo", code=code_of(tab))["user_ticket"]
    details = own.post("auth/getuserdetail", {"user_ticket": ticket})
    assert "mobile" not in details
    assert details["email"] == "zhangsan@mail.example.com"


def test_a_link_without_its_fragment(own, open_tab):
    tab = open_tab(PHONE, user_agent=CLIENT["User-Agent"], locale="en-US")
    tab.goto(consent_page(own, fragment=""))

    expect(tab.get_by_role("heading")).to_have_text("The link has no #wechat_redirect")
