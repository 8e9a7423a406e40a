"""Sign-in of a company's members in a real browser: WeCom's own, and others."""

from __future__ import annotations

import pytest

from tests.support.company import AGENTS


@pytest.fixture
def own(host):
    """The first company's app, which the demo client has."""
    return host.app("wecom")


@pytest.fixture
def open_tab(browser):
    """Return a function that opens a tab of a browser with this User-Agent."""
    contexts = []

    def open_one(agent):
        context = browser.new_context(user_agent=AGENTS[agent], locale="zh-CN")
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def hand_phone(host, number):
    """Give the phone, and with it the client, to another user."""
    openid = next(iter(host.user(number)["openid"].values()))
    host.sandbox("POST", "/_sandbox/phone/holder", {"openid": openid})


def shown(host, tab):
    """Return what the page knows of the user, as a program gets it."""
    tab.wait_for_url(f"{host.url}/login/me*")
    accept = {"Accept": "application/json"}
    return tab.context.request.get(f"{host.url}/login/me", headers=accept).json()


def to_wecom(host, tab):
    """Open our page in a browser that is not WeCom's, and follow its link."""
    tab.goto(f"{host.url}/login?next=/login/me")
    tab.get_by_role("link", name="企业微信").click()
    tab.wait_for_url(f"{host.sandbox_url}/wwlogin/sso/login?*")


def test_inside_wecom_there_is_no_page_in_between(host, own, open_tab):
    tab = open_tab("wecom")
    tab.goto(f"{host.url}/login?next=/login/me")
    me = shown(host, tab)

    assert me["sub"] == f"{own['corpid']}:zhangsan"
    assert (me["wecom_corpid"], me["wecom_userid"], me["wecom_agentid"]) == (
        own["corpid"],
        "ZhangSan",
        "1000002",
    )
    assert me["name"] == host.user()["nickname"]


def test_wechats_browser_goes_to_wechat(host, open_tab):
    tab = open_tab("wechat")
    tab.goto(f"{host.url}/login?next=/login/me")
    tab.get_by_role("button", name="允许").click()

    assert shown(host, tab)["wechat_appid"] == host.app("service")["appid"]


def test_on_a_computer_by_one_click(host, own, open_tab):
    tab = open_tab("desktop")
    to_wecom(host, tab)
    tab.get_by_role("button", name="快速登录").click()

    assert shown(host, tab)["sub"] == f"{own['corpid']}:zhangsan"


def test_on_a_computer_by_the_phone_of_another_member(host, own, open_tab):
    tab, phone = open_tab("desktop"), open_tab("mobile")
    to_wecom(host, tab)
    hand_phone(host, 1)
    phone.goto(f"{host.sandbox_url}/_sandbox/phone")
    # The page that led here has a QR code of WeChat's.
    row = phone.locator(".row", has_text="企业微信登录")
    row.get_by_role("button", name="扫码", exact=True).click()
    row.get_by_role("button", name="登录", exact=True).click()

    assert shown(host, tab)["sub"] == f"{own['corpid']}:xiaolu"


@pytest.mark.parametrize("number", [2, 3], ids=["another_company", "nobody"])
def test_outsiders_get_a_page(host, open_tab, number):
    """Also whoever has a member's userid in another company."""
    hand_phone(host, number)
    tab = open_tab("wecom")
    tab.goto(f"{host.url}/login?next=/login/me")

    assert tab.url.startswith(f"{host.url}/oauth_callback/")
    assert "成员" in tab.inner_text("main")
    assert tab.goto(f"{host.url}/login/me").status == 401
