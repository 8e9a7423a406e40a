"""The QR code in the service's own page, in a browser without third-party cookies."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in.conftest import manage, register
from tests.browser.sign_in.framing_service import FramingService
from tests.browser.sign_in.user import IN_WECHAT, User
from tests.support.chromium import BrowserOfProfile

OPEN = "allow-scripts allow-same-origin allow-top-navigation allow-popups"


@pytest.fixture(scope="module")
def strict(tmp_path_factory, browser):
    """A browser that blocks third-party cookies, as most do."""
    folder = tmp_path_factory.mktemp("profile") / "chromium"
    folder.mkdir()
    blocked = {
        "profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}
    }
    return BrowserOfProfile(browser, folder, blocked)


@pytest.fixture(scope="module")
def framing(shared_host):
    """A service whose page may frame, on another site than the gateway's."""
    appids = [shared_host.app(kind)["appid"] for kind in ("service", "website")]
    with FramingService(shared_host.url) as running:
        running.client = register(shared_host, "Framing shop", running, appids)
        frame = f"--frame-origin={running.url}"
        client_id = running.client["client_id"]
        manage(shared_host, "client", "update", client_id, frame)
        yield running


@pytest.fixture
def visitor(new_user):
    return new_user()


def qr(user):
    """Return WeChat's page: in our frame, which is in the service's page."""
    return user.tab.frame_locator("iframe").frame_locator("iframe")


def scan_and_confirm(user, *, after_ms=0):
    picture = qr(user).locator("img.js_qrcode_img")
    uuid = picture.get_attribute("src").rpartition("/")[2]
    user.tab.wait_for_timeout(after_ms)
    user.host.sandbox("POST", "/_sandbox/phone/confirm", {"uuid": uuid})


def cookies_of_gateway(user):
    return [each for each in user.context.cookies() if each["domain"] != "localhost"]


@pytest.mark.case(113, 135, 136)
def test_the_top_window_arrives_at_the_service(strict, host, framing):
    """With a code that its verifier redeems; the gateway keeps nobody signed in."""
    user = User(strict, host)
    try:
        user.open(f"{framing.url}/frame")
        scan_and_confirm(user)
        user.arrive(f"{framing.url}/signed_in")

        assert "sub" in user.told()
        assert cookies_of_gateway(user) == []
        assert not user.is_signed_in()
        assert [url for url in user.visited if url.startswith(host.url)] == []
        assert user.complaints == []
    finally:
        user.leave()


@pytest.mark.case(135)
def test_another_page_cannot_frame_it(visitor, host, framing):
    """The browser blocks it, on another port of the same machine already."""
    with FramingService(host.url) as other:
        other.client = framing.client
        visitor.open(f"{other.url}/frame?redirect_uri={framing.url}/signed_in")
        visitor.tab.wait_for_timeout(1000)
        frame = visitor.tab.frames[1]

    assert frame.url.startswith("chrome-error://")
    assert any("frame-ancestors" in each for each in visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.case(135)
def test_no_other_page_of_the_gateway_is_framed(visitor, host, framing):
    """Without `display` the same request is a page for a window."""
    visitor.open(f"{framing.url}/frame?display=page")
    visitor.tab.wait_for_timeout(1000)

    assert visitor.tab.frames[1].url.startswith("chrome-error://")
    assert any("frame-ancestors" in each for each in visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.case(137)
def test_a_strangers_answer_is_refused_by_the_service(new_user, host, framing):
    """The stranger's code is in the victim's tab, whose browser began nothing."""
    stranger, victim = new_user(), new_user()
    stranger.open(f"{framing.url}/frame")
    answers = []
    stranger.tab.route(
        f"{framing.url}/signed_in*",
        lambda route: (answers.append(route.request.url), route.abort()),
    )
    scan_and_confirm(stranger)
    expect(stranger.tab.locator("h1")).to_be_visible()
    stranger.tab.wait_for_timeout(1500)
    victim.open(answers[0])

    assert victim.told() == {"problem": "This browser has begun no such sign-in."}


def test_in_a_sandboxed_frame(visitor, framing):
    """With the permissions that the documentation names."""
    visitor.open(f"{framing.url}/frame?sandbox={OPEN}")
    scan_and_confirm(visitor)
    visitor.arrive(f"{framing.url}/signed_in")

    assert "sub" in visitor.told()


def test_where_the_browser_refuses_to_leave_the_user_does(visitor, framing):
    """Without the permission to leave by itself: a click does it."""
    by_click = OPEN.replace("navigation", "navigation-by-user-activation")
    visitor.open(f"{framing.url}/frame?sandbox={by_click}")
    # Looking at the frame counts as a click there for five seconds: nothing looks from
    # before the user confirms until the browser has refused.
    with visitor.tab.expect_console_message(
        lambda message: "initiate navigation" in message.text, timeout=30_000
    ):
        scan_and_confirm(visitor, after_ms=6_000)
    button = qr(visitor).get_by_role("link", name="Continue")
    expect(button).to_be_visible()
    visitor.tab.wait_for_timeout(500)

    assert visitor.tab.url.startswith(f"{framing.url}/frame")
    button.click()
    visitor.arrive(f"{framing.url}/signed_in")
    assert "sub" in visitor.told()
    visitor.complaints.clear()


def test_a_link_leads_to_the_page_for_a_window(visitor, framing):
    """There the gateway knows who is signed in, and its cookie binds the flow."""
    visitor.open(f"{framing.url}/frame")
    ours = visitor.tab.frame_locator("iframe")
    ours.get_by_role("link", name="Open the QR code in its own page").click()
    visitor.arrive("/oidc/authorize")
    visitor.on_the_phone("confirm")
    visitor.arrive(f"{framing.url}/signed_in")

    assert "sub" in visitor.told()
    assert visitor.is_signed_in()


def test_a_signed_in_user_sees_the_qr_code(visitor, framing):
    """The frame answers nothing unseen, whatever cookies the browser sends."""
    visitor.open(f"{framing.url}/oidc")
    visitor.on_the_phone("confirm")
    visitor.arrive(f"{framing.url}/signed_in")
    visitor.open(f"{framing.url}/frame")

    expect(qr(visitor).locator("img.js_qrcode_img")).to_be_visible()


def test_a_phone_gets_a_way_out_of_the_frame(new_user, framing):
    """It cannot scan itself; in WeChat the way is the consent sheet."""
    phone = new_user(**IN_WECHAT)
    phone.open(f"{framing.url}/frame")
    ours = phone.tab.frame_locator("iframe")
    ours.get_by_role("link", name="Continue with WeChat").click()
    phone.tab.wait_for_url(lambda url: url.startswith(phone.host.sandbox_url))
    phone.agree()
    phone.arrive(f"{framing.url}/signed_in")

    assert "sub" in phone.told()


def test_an_error_is_shown_in_the_frame_and_leads_out(visitor, framing):
    """WeChat's bad minute: the page in the frame starts again in the window."""
    visitor.host.add_fault(path="/sns/oauth2/access_token", status=500)
    visitor.open(f"{framing.url}/frame")
    scan_and_confirm(visitor)
    again = qr(visitor).get_by_role("link", name="Start again")
    expect(again).to_be_visible()
    again.click()
    visitor.arrive("/oidc/authorize")
    visitor.on_the_phone("confirm")
    visitor.arrive(f"{framing.url}/signed_in")

    assert "sub" in visitor.told()


def test_a_missing_challenge_is_told_at_the_service(visitor, framing):
    """In the top window, not in the frame."""
    visitor.open(f"{framing.url}/frame?code_challenge=&code_challenge_method=")
    visitor.arrive(f"{framing.url}/signed_in")

    assert json.loads(visitor.tab.inner_text("body")) == {"problem": "invalid_request"}
