"""Sign-in in WeChat's browser, and in browsers that resemble it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

ON_A_PHONE = "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36"
IN_WECOM = IN_WECHAT["user_agent"] + " wxwork/4.1"
IN_A_MINI_PROGRAM = IN_WECHAT["user_agent"] + " miniProgram/wx0123456789abcdef"


@pytest.mark.case(61, 63)
def test_straight_to_the_consent_sheet_and_back(host, new_user):
    """No page of ours stands between: the sheet comes first, and then `next`."""
    phone = new_user(**IN_WECHAT)
    phone.open("/login?next=/login/me")
    sheet = phone.tab.url
    phone.agree()
    phone.arrive("/login/me")

    assert sheet.startswith(f"{host.sandbox_url}/connect/oauth2/authorize?")
    assert host.user()["nickname"] == phone.told()["name"]


@pytest.mark.parametrize("way", ["oidc", "oauth2"])
def test_a_service_elsewhere(host, new_user, service, way):
    """In either dialect the sheet is the one page on the way there."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{service.url}/{way}")
    phone.agree()
    phone.arrive(f"{service.url}/signed_in")
    told = phone.told()

    assert host.user()["nickname"] == (told.get("name") or told["nickname"])


def test_the_silent_scope_asks_nothing(host, new_user, silent_service):
    """One address leads to the service, and it knows the openid and no name."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{silent_service.url}/oidc")
    told = phone.told()
    appid = told["wechat_appid"]

    assert phone.tab.url.startswith(f"{silent_service.url}/signed_in?")
    assert host.user()["openid"][appid] == told["sub"] == told["wechat_openid"]
    assert "name" not in told


@pytest.mark.case(61)
@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (IN_A_MINI_PROGRAM, "A page inside a mini program cannot sign you in."),
        (ON_A_PHONE, "Please continue in WeChat."),
    ],
    ids=["mini program", "mobile browser"],
)
def test_where_it_cannot_be_done_the_page_says_so(host, new_user, agent, said):
    """And tells a way that works: its own address, which WeChat's browser can open."""
    elsewhere = new_user(**{**IN_WECHAT, "user_agent": agent})
    elsewhere.open("/login?next=/login/me")
    expect(elsewhere.tab.get_by_text(said)).to_be_visible()
    address = elsewhere.tab.get_by_label("Address to open").input_value()
    phone = new_user(**IN_WECHAT)
    phone.open(address)
    phone.agree()
    phone.arrive("/login/me")

    assert host.user()["nickname"] == phone.told()["name"]


@pytest.mark.case(61)
def test_a_service_without_an_app_of_wecom(new_user, service):
    """Inside WeCom the page names WeChat, since nothing else is left."""
    phone = new_user(**{**IN_WECHAT, "user_agent": IN_WECOM})
    phone.open(f"{service.url}/oidc")
    said = "This is WeCom. You need WeChat to sign in."

    expect(phone.tab.get_by_text(said)).to_be_visible()


@pytest.mark.case(62)
def test_a_qr_code_is_not_shown_to_the_phone_that_has_to_scan_it(new_user, service):
    """The page names another screen for it, and leads to no page of WeChat's."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{service.url}/qrconnect")
    elsewhere = phone.tab.get_by_text("Open the address below on a computer")
    expect(elsewhere).to_be_visible()
    address = phone.tab.get_by_label("Address to open").input_value()
    links = [each.get_attribute("href") for each in phone.tab.get_by_role("link").all()]
    desktop = new_user()
    desktop.open(f"{address}qrconnect")
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{service.url}/signed_in")

    assert phone.host.user()["nickname"] == desktop.told()["nickname"]
    assert not [each for each in links if each.startswith(phone.host.sandbox_url)]
