"""Sign-in on a desktop: the QR code, the phone, then the requested page."""

from __future__ import annotations


def test_the_page_goes_on_by_itself(host, new_user):
    """Scanned and confirmed, the tab is at `next`, and the user is known there."""
    desktop = new_user()
    desktop.open("/login?next=/login/me")
    desktop.on_the_phone("scan")
    desktop.in_frame("[data-state=scanned]").wait_for()
    desktop.on_the_phone("confirm")
    desktop.arrive("/login/me")

    assert host.user()["nickname"] == desktop.told()["name"]


def test_a_service_by_openid_connect(host, new_user, service):
    """The code of the gateway becomes tokens, and these the user."""
    desktop = new_user()
    desktop.open(f"{service.url}/oidc")
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{service.url}/signed_in")
    user, told = host.user(), desktop.told()

    assert (user["unionid"], user["nickname"]) == (told["sub"], told["name"])
    assert host.url == service.answers[-1]["iss"]


def test_a_service_in_wechats_words(host, new_user, service):
    """The gateway stands in WeChat's place; the QR code is in its page."""
    desktop = new_user()
    desktop.open(f"{service.url}/qrconnect")
    assert desktop.tab.url.startswith(f"{host.url}/connect/qrconnect?")
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{service.url}/signed_in")
    user, told = host.user(), desktop.told()

    assert user["openid"][host.app("website")["appid"]] == told["openid"]
    assert {"code", "state"} == service.answers[-1].keys()


def test_who_is_signed_in_is_not_asked_again(host, new_user, service):
    """One scan for all services; the second one is answered at once."""
    desktop = new_user()
    desktop.open("/login")
    desktop.on_the_phone("confirm")
    desktop.arrive("/login/me")
    desktop.open(f"{service.url}/oidc")

    assert desktop.tab.url.startswith(f"{service.url}/signed_in?")
    assert host.user()["nickname"] == desktop.told()["name"]
    assert 1 == len(host.journal("/sns/oauth2/access_token"))
