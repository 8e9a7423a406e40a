"""Sign-in in a real browser: the QR code and WeChat's own browser."""

from __future__ import annotations

import re

import pytest

from tests.support.chromium import IPHONE_WECHAT


@pytest.fixture
def phone(browser):
    """The phone of somebody who stands beside the screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def shown(page):
    """Return what a program gets in place of the page that is open."""
    answer = page.request.get(page.url, headers={"Accept": "application/json"})
    return answer.json()


def test_scan_and_confirm_on_the_phone(host, page, phone):
    """The page goes on by itself, and /login/me shows who one is."""
    page.goto(f"{host.url}/login?next=/login/me")
    page.frame_locator("iframe").locator("img.js_qrcode_img").wait_for()

    phone.goto(f"{host.sandbox_url}/_sandbox/phone")
    phone.get_by_role("button", name="扫码").click()
    phone.get_by_role("button", name="允许").click()
    page.wait_for_url(f"{host.url}/login/me*")

    me = shown(page)
    user = host.user()
    website = host.app("website")["appid"]
    assert me["name"] == user["nickname"]
    assert me["sub"] == user["unionid"]
    assert (me["wechat_appid"], me["wechat_openid"]) == (
        website,
        user["openid"][website],
    )
    cookies = {each["name"]: each for each in page.context.cookies()}
    assert cookies["gateway_session"]["httpOnly"]
    assert cookies["gateway_session"]["sameSite"] == "Lax"


def test_wechats_own_browser_goes_to_the_consent_sheet_and_back(host, browser):
    """No page of ours in between: /login is the consent sheet, and then `next`."""
    context = browser.new_context(user_agent=IPHONE_WECHAT)
    page = context.new_page()
    page.goto(f"{host.url}/login?next=/login/me")

    assert page.url.startswith(f"{host.sandbox_url}/connect/oauth2/authorize?")
    page.get_by_role("button", name="允许").click()
    page.wait_for_url(f"{host.url}/login/me*")
    assert shown(page)["wechat_appid"] == host.app("service")["appid"]
    context.close()


def test_a_second_look_at_the_callback_is_no_error(host, browser):
    """Back and reload after sign-in lead on, and the code is spent once."""
    context = browser.new_context(user_agent=IPHONE_WECHAT)
    page = context.new_page()
    seen = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(f"{host.url}/login?next=/login/me")
    page.get_by_role("button", name="允许").click()
    page.wait_for_url(f"{host.url}/login/me*")
    callback = next(each for each in seen if "/oauth_callback/" in each)
    page.goto(callback)

    assert page.url.startswith(f"{host.url}/login/me")
    assert len(host.journal("/sns/oauth2/access_token")) == 1
    context.close()


def test_signing_out_asks_first(host, browser):
    """A user signs out by our own form."""
    context = browser.new_context(user_agent=IPHONE_WECHAT, locale="en-US")
    page = context.new_page()
    page.goto(f"{host.url}/login?next=/login/me")
    page.get_by_role("button", name="允许").click()
    page.wait_for_url(f"{host.url}/login/me*")
    page.goto(f"{host.url}/logout?lang=en")
    page.get_by_role("button", name=re.compile("sign out", re.IGNORECASE)).click()

    assert page.goto(f"{host.url}/login/me").status == 401
    context.close()


def test_a_stale_callback_is_a_page_with_a_link(host, page):
    """Somebody's old address leads back to the sign-in page."""
    appid = host.app("website")["appid"]
    answer = page.goto(f"{host.url}/oauth_callback/{appid}?code=x&state={'0' * 32}")

    assert answer.status == 400
    page.get_by_role("link", name=re.compile("重新")).click()
    page.frame_locator("iframe").locator("img.js_qrcode_img").wait_for()


@pytest.mark.case(121)
def test_the_log_holds_no_secret(host, page, phone):
    """Neither codes nor states, cookies, openids nor tokens, after all this."""
    page.goto(f"{host.url}/login?next=/login/me")
    phone.goto(f"{host.sandbox_url}/_sandbox/phone")
    phone.get_by_role("button", name="扫码").click()
    phone.get_by_role("button", name="允许").click()
    page.wait_for_url(f"{host.url}/login/me*")

    log = host.log()
    me = shown(page)
    values = [each["value"] for each in page.context.cookies()]
    secrets = [each["secret"] for each in host.sandbox("GET", "/_sandbox/apps")]
    assert "/oauth_callback/" in log
    for secret in [*values, *secrets, me["wechat_openid"], me["sub"], me["name"]]:
        assert secret not in log
    assert not re.search(r"(code|state)=[0-9A-Za-z]", log)
