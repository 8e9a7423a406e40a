"""Three languages, by the browser or by choice, up to the last page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.user import IN_WECHAT

TITLES = {
    "zh-CN": ("登录 Demo", "登录已取消"),
    "zh-TW": ("登入 Demo", "登入已取消"),
    "en": ("Sign in to Demo", "Sign-in cancelled"),
}


def read(user):
    """Return the page's language and its title."""
    tag = user.tab.locator("html").get_attribute("lang")
    return tag, user.tab.get_by_role("heading", level=1).inner_text()


@pytest.mark.case(64)
@pytest.mark.parametrize(
    ("locale", "asked", "language"),
    [
        ("zh-CN", "", "zh-CN"),
        ("zh-HK", "", "zh-TW"),
        ("en-GB", "", "en"),
        ("fr-FR", "", "en"),
        ("zh-CN", "?lang=en", "en"),
        ("en-US", "?lang=zh_TW", "zh-TW"),
        ("en-US", "?ui_locales=fr-FR%20zh-TW", "zh-TW"),
        ("en-US", "?lang=../../etc", "en"),
    ],
)
def test_the_sign_in_page(new_user, locale, asked, language):
    """What is asked for goes first, then what the browser says, else English."""
    desktop = new_user(locale=locale)
    desktop.open(f"/login{asked}")

    assert (language, TITLES[language][0]) == read(desktop)


@pytest.mark.parametrize(
    ("agent", "locale", "language"),
    [("zh_TW", "en-US", "zh-TW"), ("en", "zh-CN", "en"), ("zh_CN", "en-US", "zh-CN")],
)
def test_wechats_own_language(new_user, agent, locale, language):
    """WeChat's goes before the browser's; a page after WeChat keeps it."""
    user_agent = IN_WECHAT["user_agent"].replace("Language/en", f"Language/{agent}")
    phone = new_user(**{**IN_WECHAT, "user_agent": user_agent, "locale": locale})
    phone.open("/login")
    phone.refuse()

    assert (language, TITLES[language][1]) == read(phone)


def test_a_language_that_was_chosen_comes_back_from_wechat(new_user):
    """WeChat's redirect back does not contain the language."""
    phone = new_user(**IN_WECHAT)
    phone.open("/login?lang=zh_TW")
    phone.refuse()

    assert ("zh-TW", TITLES["zh-TW"][1]) == read(phone)


def test_a_service_chooses_by_ui_locales(new_user, service):
    """As OpenID Connect has it; the user is called by the service's name."""
    desktop = new_user(locale="en-US")
    desktop.open(f"{service.url}/oidc?ui_locales=zh-TW")

    assert ("zh-TW", "登入 Bookshop") == read(desktop)


@pytest.mark.parametrize("way", ["/login?next=/login/me", "service"])
def test_a_user_chooses_on_the_page(new_user, service, way):
    """The sign-in that was begun goes on to its end, and later pages keep to it."""
    desktop = new_user(locale="en-US")
    desktop.open(f"{service.url}/oidc" if way == "service" else way)
    desktop.tab.get_by_role("link", name="繁體中文").click()
    expect(desktop.tab.locator("html")).to_have_attribute("lang", "zh-TW")
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{service.url}/signed_in" if way == "service" else "/login/me")

    assert desktop.host.user()["nickname"] == desktop.told()["name"]
    desktop.open("/logout")
    assert "zh-TW" == read(desktop)[0]
