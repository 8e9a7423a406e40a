"""A merchant in a real browser: what Chromium tells WeChat of our pages."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.chromium import IPHONE_WECHAT, chromium
from tests.support.component_host import ComponentHost, query_of
from tests.support.developer_host import DeveloperHost

COMPUTER = {"viewport": {"width": 1280, "height": 860}, "locale": "en-US"}
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "user_agent": IPHONE_WECHAT.replace("Language/zh_CN", "Language/en"),
}
EMPTY = "授权入口页所在域名：空"


class Service(BaseHTTPRequestHandler):
    """The client's site, at which a merchant arrives."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Authorized</h1>")

    def log_message(self, *arguments):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def back():
    """The client's redirect_uri, where somebody answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/authorized"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def world(tmp_path_factory, back):
    """A host with a component, and a client whose site is there."""
    with DeveloperHost(tmp_path_factory.mktemp("host")) as running:
        made = ComponentHost(running)
        made.registered = made.add_client("Shops", back=back)
        yield made


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def open_tab(browser):
    contexts = []

    def open_one(looks):
        context = browser.new_context(**looks)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def referers(tab, path):
    """Return a list of the Referer of each request of this path, as it is sent."""
    seen = []

    def note(request):
        if urlsplit(request.url).path == path:
            seen.append(request.all_headers().get("referer"))

    tab.on("requestfinished", note)
    return seen


def test_a_computer_is_let_in_by_its_referer(world, back, open_tab):
    """WeChat's page gets our origin and no more; the merchant comes back to the client.

    The state of our page and of the client's request stays with us.
    """
    computer, phone = open_tab(COMPUTER), open_tab(PHONE)
    sent = referers(computer, "/cgi-bin/componentloginpage")
    computer.goto(world.url + world.entry(redirect_uri=back, state="abc"))

    expect(computer.get_by_role("heading")).to_have_text("Authorize Shops")
    computer.get_by_role("link", name="Continue to WeChat").click()
    expect(computer.locator("#login")).to_have_attribute("data-state", "waiting")
    assert sent == [f"{world.url}/"]
    phone.goto(f"{world.host.sandbox_url}/_sandbox/phone")
    phone.get_by_role("link", name="扫码").click()
    phone.get_by_text("山海茶铺", exact=True).click()
    phone.get_by_role("button", name="授权").click()
    computer.wait_for_url(f"{back}?auth_code=*")
    came = query_of(computer.url)

    assert (came["appid"], came["state"]) == (world.account, "abc")
    assert computer.get_by_role("heading").inner_text() == "Authorized"


def test_inside_wechat(world, back, open_tab):
    """The page for phones is let in likewise, and goes back by itself."""
    phone = open_tab(PHONE)
    sent = referers(phone, "/wxaopen/safe/bindcomponent")
    phone.goto(world.url + world.entry(redirect_uri=back, state="abc"))
    phone.get_by_role("link", name="Continue to WeChat").click()

    expect(phone.get_by_role("button", name="授权")).to_be_visible()
    assert sent == [f"{world.url}/"]
    phone.get_by_text("山海茶铺", exact=True).click()
    phone.get_by_role("button", name="授权").click()
    phone.wait_for_url(f"{back}?auth_code=*")

    assert query_of(phone.url)["appid"] == world.account


def test_who_waits_is_led_on(world, back, open_tab):
    """While the documents cannot be written the page says so, and goes on by itself."""
    phone = open_tab(PHONE)
    phone.goto(world.url + world.entry(redirect_uri=back, state="abc"))
    phone.get_by_role("link", name="Continue to WeChat").click()
    folder = world.host.folder / ".local" / "config" / "authorizers"
    aside = folder.with_name("aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("in the way")
    try:
        phone.get_by_text("山海茶铺小程序", exact=True).click()
        phone.get_by_role("button", name="授权").click()
        heading = phone.get_by_role("heading")
        expect(heading).to_have_text("Your authorization is being saved")
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
    phone.wait_for_url(f"{back}?auth_code=*")

    assert query_of(phone.url)["appid"] == world.program


@pytest.mark.parametrize("page", ["/login?next=/login/me", "/logout"])
def test_another_page_of_ours_tells_nothing(world, back, open_tab, page):
    """The same link on it is refused: only the entry page names our origin."""
    tab = open_tab(COMPUTER)
    tab.goto(world.url + world.entry(redirect_uri=back))
    link = tab.get_by_role("link", name="Continue to WeChat").get_attribute("href")
    sent = referers(tab, "/cgi-bin/componentloginpage")
    tab.goto(world.url + page)
    # As a link of the page itself: a script would come from elsewhere.
    tab.evaluate(
        """href => {
            const link = document.createElement("a");
            link.href = href;
            link.textContent = "on";
            document.querySelector("main").append(link);
        }""",
        link,
    )
    tab.get_by_text("on", exact=True).click()

    expect(tab.get_by_text(EMPTY)).to_be_visible()
    assert sent == [None]


def test_the_page_in_the_users_language(world, back, open_tab):
    """A language that is chosen there stays, and the way on works."""
    tab = open_tab(COMPUTER)
    tab.goto(world.url + world.entry(redirect_uri=back))
    tab.get_by_role("link", name="简体中文").click()

    expect(tab.get_by_role("heading")).to_have_text("授权给 Shops")
    tab.get_by_role("link", name="前往微信授权").click()
    expect(tab.locator("#login")).to_have_attribute("data-state", "waiting")
