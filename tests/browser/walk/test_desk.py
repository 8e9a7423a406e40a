"""At a desk: the QR code on the page, the phone beside it, then where one wanted."""

from __future__ import annotations


def test_the_page_goes_on_by_itself(host, meet):
    """Scanned and confirmed, the tab is at `next`, and the person is known there."""
    desk = meet()
    desk.open("/login?next=/login/me")
    desk.on_the_phone("scan")
    desk.in_frame("[data-state=scanned]").wait_for()
    desk.on_the_phone("confirm")
    desk.arrive("/login/me")

    assert host.user()["nickname"] == desk.told()["name"]


def test_a_service_by_openid_connect(host, meet, service):
    """The code of the gateway becomes tokens, and these the person."""
    desk = meet()
    desk.open(f"{service.url}/oidc")
    desk.on_the_phone("confirm")
    desk.arrive(f"{service.url}/signed_in")
    user, told = host.user(), desk.told()

    assert (user["unionid"], user["nickname"]) == (told["sub"], told["name"])
    assert host.url == service.answers[-1]["iss"]


def test_a_service_in_wechats_words(host, meet, service):
    """The gateway stands in WeChat's place; the QR code is in its page."""
    desk = meet()
    desk.open(f"{service.url}/qrconnect")
    assert desk.tab.url.startswith(f"{host.url}/connect/qrconnect?")
    desk.on_the_phone("confirm")
    desk.arrive(f"{service.url}/signed_in")
    user, told = host.user(), desk.told()

    assert user["openid"][host.app("website")["appid"]] == told["openid"]
    assert {"code", "state"} == service.answers[-1].keys()


def test_who_is_signed_in_is_not_asked_again(host, meet, service):
    """One scan for all services; the second one is answered at once."""
    desk = meet()
    desk.open("/login")
    desk.on_the_phone("confirm")
    desk.arrive("/login/me")
    desk.open(f"{service.url}/oidc")

    assert desk.tab.url.startswith(f"{service.url}/signed_in?")
    assert host.user()["nickname"] == desk.told()["name"]
    assert 1 == len(host.journal("/sns/oauth2/access_token"))
