"""The QR code in the sign-in page: by WeChat's script, without it, and without any."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

WXLOGIN = "**/connect/zh_CN/htmledition/js/wxLogin.js"


@pytest.fixture
def open_tab(browser):
    """Open a tab of its own browser; whatever a policy of ours blocks there fails."""
    contexts, said = [], []

    def open_one(**more):
        context = browser.new_context(**{"locale": "en-US", **more})
        context.set_default_timeout(10_000)
        context.on("console", lambda message: said.append(message.text))
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()

    assert [text for text in said if "policy" in text.lower()] == []


@pytest.fixture
def tab(open_tab):
    return open_tab()


def frame_of(tab):
    """Return the frame's attributes once WeChat's page is in it."""
    tab.frame_locator("iframe").locator("img.js_qrcode_img").wait_for()
    return tab.eval_on_selector(
        "iframe",
        "e => Object.fromEntries([...e.attributes].map(a => [a.name, a.value]))",
    )


def confirm(host, tab):
    """Scan what the tab shows, and agree."""
    image = tab.frame_locator("iframe").locator("img.js_qrcode_img")
    uuid = image.get_attribute("src").rpartition("/")[2]
    host.sandbox("POST", "/_sandbox/phone/confirm", {"uuid": uuid})


@pytest.mark.case(113)
def test_wechats_script_makes_the_frame(host, tab):
    """Its own parameters in its own order, for the top window; nothing is blocked."""
    tab.goto(f"{host.url}/login?next=/login/me")
    frame = frame_of(tab)
    pairs = parse_qsl(urlsplit(frame["src"]).query, keep_blank_values=True)
    appid = host.app("website")["appid"]

    assert [name for name, _ in pairs] == [
        *("appid", "scope", "redirect_uri", "state", "login_type", "self_redirect"),
        *("styletype", "sizetype", "bgcolor", "rst", "lang"),
    ]
    assert dict(pairs)["redirect_uri"] == f"{host.url}/oauth_callback/{appid}"
    assert dict(pairs)["self_redirect"] == "false"
    assert (frame["title"], frame["width"], frame["height"]) == (
        *("WeChat QR code", "300px", "400px"),
    )
    assert frame["allow"] == "local-network-access"
    confirm(host, tab)
    tab.wait_for_url(f"{host.url}/login/me*")


@pytest.mark.case(31)
def test_wechat_does_not_learn_where_one_came_from(host, tab):
    """Neither its script nor its page is told the address, which holds `next`."""
    seen = []
    tab.on("request", lambda request: seen.append(request))
    tab.goto(f"{host.url}/login?next=/login/me")
    frame_of(tab)
    ways = ("/wxLogin.js", "/connect/qrconnect")
    asked = [each for each in seen if urlsplit(each.url).path.endswith(ways)]

    assert ["script", "document"] == [each.resource_type for each in asked]
    assert not any("referer" in each.all_headers() for each in asked)


def absent(route):
    route.abort()


def garbled(route):
    route.fulfill(body="<html>Please log in to this network</html>")


@pytest.mark.parametrize("answer", [absent, garbled])
def test_without_wechats_script_the_page_makes_the_frame(host, open_tab, answer):
    """Blocked or garbled by a network: the same page of WeChat's, and one signs in."""
    tab = open_tab()
    # The clock stands, or the page's own timeout would help out.
    tab.clock.install(time=0)
    tab.clock.pause_at(1)
    tab.route(WXLOGIN, answer)
    tab.goto(f"{host.url}/login?next=/login/me")
    frame = frame_of(tab)
    tab.clock.resume()

    assert "self_redirect=default" in frame["src"]
    assert frame["title"] == "WeChat QR code"
    assert "allow-top-navigation" in frame["sandbox"].split()
    confirm(host, tab)
    tab.wait_for_url(f"{host.url}/login/me*")


def test_a_script_that_hangs_is_waited_for_a_moment(host, tab):
    """After four seconds the page makes the frame; the late script changes nothing."""
    late = []
    tab.clock.install()
    tab.route(WXLOGIN, lambda route: late.append(route))
    tab.goto(f"{host.url}/login?next=/login/me", wait_until="domcontentloaded")
    expect(tab.locator("iframe")).to_have_count(0)
    tab.clock.fast_forward(4_000)
    frame = frame_of(tab)
    late[0].continue_()
    tab.wait_for_load_state("load")

    assert frame["src"] == frame_of(tab)["src"]


def test_without_scripts_there_is_a_link(host, open_tab):
    """It opens WeChat's page in the whole window; nothing empty stands in its way."""
    tab = open_tab(java_script_enabled=False)
    tab.goto(f"{host.url}/login?next=/login/me")
    expect(tab.locator("iframe")).to_have_count(0)
    expect(tab.locator("#qr")).to_be_hidden()
    tab.get_by_role("link", name="Open the QR code in its own page").click()
    tab.locator("img.js_qrcode_img").wait_for()

    assert tab.url.startswith(f"{host.sandbox_url}/connect/qrconnect?appid=")


def test_an_expired_qr_code_is_renewed_in_its_frame(host, tab):
    """WeChat's own page offers a new one, which signs in as the first would have."""
    tab.goto(f"{host.url}/login?next=/login/me")
    old = frame_of(tab)["src"]
    host.sandbox("POST", "/_sandbox/clock", {"advance": 301})
    tab.frame_locator("iframe").get_by_role("link", name="Reload").last.click()

    assert frame_of(tab)["src"] == old
    expect(tab.frame_locator("iframe").locator("[data-state=waiting]")).to_be_visible()
    confirm(host, tab)
    tab.wait_for_url(f"{host.url}/login/me*")
