"""The page of who is signed in, and the offer to go on, in real browsers."""

from __future__ import annotations

from playwright.sync_api import expect


def signed_in(user):
    user.open("/login?next=/login/me")
    user.on_the_phone("confirm")
    user.arrive("/login/me")
    return user


def test_who_it_is_and_the_end(new_user, host):
    """WeChat's picture is loaded, the button signs out, and the end leads back in."""
    desktop = signed_in(new_user())
    expect(desktop.tab.get_by_text(host.user()["nickname"], exact=True)).to_be_visible()
    width = desktop.tab.locator(".portrait img").evaluate(
        "async (e) => { await e.decode(); return e.naturalWidth; }"
    )
    expect(desktop.tab.get_by_text("Website app")).to_be_visible()
    desktop.tab.get_by_role("button", name="Sign out").click()
    expect(desktop.tab.get_by_role("heading")).to_have_text("You are signed out.")

    assert width > 0
    assert not desktop.is_signed_in()
    desktop.tab.get_by_role("link", name="Sign in again").click()
    assert desktop.qr()


def test_stay_leads_to_who_is_signed_in(new_user):
    """Signing out can be thought better of."""
    desktop = signed_in(new_user())
    desktop.open("/logout")
    desktop.tab.get_by_role("link", name="Stay signed in").click()

    expect(desktop.tab.get_by_role("heading")).to_have_text("You are signed in.")
    assert f"{desktop.host.url}/login/me" == desktop.tab.url


def test_who_is_not_signed_in_can_begin(new_user):
    """The page of nobody leads to a sign-in."""
    desktop = new_user()
    desktop.open("/login/me")
    expect(desktop.tab.get_by_role("heading")).to_have_text("Not signed in")
    desktop.tab.get_by_role("link", name="Sign in", exact=True).click()

    assert desktop.qr()


def test_another_user_takes_over(new_user, host):
    """By the offer's second button, in another language too."""
    desktop = signed_in(new_user())
    before = desktop.told()["sub"]
    desktop.open("/login?next=/login/me")
    desktop.tab.get_by_role("link", name="简体中文").click()
    desktop.tab.get_by_role("link", name="使用其他微信账号").click()
    desktop.tab.get_by_role("link", name="English").click()
    uuid, other = desktop.qr(), host.user(2)["openid"]
    openid = other[host.app("website")["appid"]]
    asked = {"uuid": uuid, "openid": openid}
    host.sandbox("POST", "/_sandbox/phone/confirm", asked)
    desktop.arrive("/login/me")

    assert host.user(2)["nickname"] == desktop.told()["name"]
    assert before != desktop.told()["sub"]
