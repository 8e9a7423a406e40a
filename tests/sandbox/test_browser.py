"""The pages in a real browser, used the way a user uses them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.chromium import chromium

PHONE = {"width": 390, "height": 780}
DESKTOP = {"width": 1280, "height": 860}


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def open_tab(browser):
    """Return a function that opens a tab; a script error in any of them fails."""
    contexts, errors = [], []

    def open_one(viewport, **more):
        context = browser.new_context(viewport=viewport, **more)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.set_default_timeout(5000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()

    assert errors == []


class Shop(BaseHTTPRequestHandler):
    """A company's site: /frame?src= shows that address in a frame."""

    def do_GET(self):
        source = parse_qs(urlsplit(self.path).query).get("src", [""])[0]
        source = source.replace("&", "&amp;")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{source}"></iframe>'.encode())

    def log_message(self, *arguments):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def shop():
    """The address of a site that is really there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def login_link(sandbox, shop, **more):
    query = {
        "appid": sandbox.app("website")["appid"],
        "redirect_uri": f"{shop}/back",
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "abc",
        **more,
    }
    return f"{sandbox.url}/connect/qrconnect?{urlencode(query)}#wechat_redirect"


def press(phone, name):
    phone.get_by_role("button", name=name, exact=True).first.click()


def test_signing_in_by_hand(sandbox, shop, open_tab):
    """Scan, refuse, scan again and allow: the login page follows by itself."""
    page, phone = open_tab(DESKTOP), open_tab(PHONE)
    phone.goto(f"{sandbox.url}/_sandbox/phone")
    page.goto(login_link(sandbox, shop))
    login = page.locator("#login")
    press(phone, "扫码")

    expect(login).to_have_attribute("data-state", "scanned")
    press(phone, "拒绝")

    expect(login).to_have_attribute("data-state", "refused")
    press(phone, "扫码")

    expect(login).to_have_attribute("data-state", "scanned")
    press(phone, "允许")
    page.wait_for_url(f"{shop}/back?code=*&state=abc")


def test_an_expired_code_offers_a_new_one(sandbox, shop, open_tab):
    """After five minutes the page says so, and one press shows another QR code."""
    page = open_tab(DESKTOP)
    page.goto(login_link(sandbox, shop))
    image = page.locator(".js_qrcode_img")
    old = image.get_attribute("src")
    sandbox.control("clock", advance=300)

    expect(page.locator("#login")).to_have_attribute("data-state", "expired")
    page.get_by_role("link", name="刷新").click()

    expect(image).not_to_have_attribute("src", old)


def test_a_refusal_may_lead_back(sandbox, shop, open_tab):
    """Where the app wants it, the page goes back with the state alone."""
    app = sandbox.app("website")
    sandbox.control("apps", appid=app["appid"], refusal="redirect")
    page, phone = open_tab(DESKTOP), open_tab(PHONE)
    page.goto(login_link(sandbox, shop))
    phone.goto(f"{sandbox.url}/_sandbox/phone")
    press(phone, "扫码")
    press(phone, "拒绝")
    page.wait_for_url(f"{shop}/back?state=abc")


@pytest.mark.parametrize("self_redirect", ["true", "false"])
def test_a_frame_moves_itself_or_its_window(sandbox, shop, open_tab, self_redirect):
    """As wxLogin.js embeds it: self_redirect decides who goes to the shop."""
    page = open_tab(DESKTOP)
    link = login_link(sandbox, shop, login_type="jssdk", self_redirect=self_redirect)
    frame_address = f"{shop}/frame?{urlencode({'src': link})}"
    page.goto(frame_address)
    frame = page.frames[1]
    uuid = frame.get_attribute(".js_qrcode_img", "src").rpartition("/")[2]
    sandbox.control("phone/confirm", uuid=uuid)
    moved = frame if self_redirect == "true" else page
    moved.wait_for_url(f"{shop}/back?code=*")

    assert (page.url == frame_address) == (self_redirect == "true")


def consent_link(sandbox, shop, fragment="#wechat_redirect"):
    query = {
        "appid": sandbox.app("service")["appid"],
        "redirect_uri": f"{shop}/back",
        "response_type": "code",
        "scope": "snsapi_userinfo",
        "state": "abc",
    }
    return f"{sandbox.url}/connect/oauth2/authorize?{urlencode(query)}{fragment}"


def test_the_sheet_inside_wechat(sandbox, shop, open_tab):
    """The user who holds the phone allows, and arrives with a code."""
    tab = open_tab(PHONE, user_agent="MicroMessenger/8.0")
    tab.goto(f"{sandbox.url}/_sandbox/phone")
    tab.get_by_role("button", name="José").click()
    tab.goto(consent_link(sandbox, shop))

    expect(tab.get_by_text("José")).to_be_visible()
    press(tab, "允许")
    tab.wait_for_url(f"{shop}/back?code=*&state=abc*")


def test_the_sheet_misses_the_fragment(sandbox, shop, open_tab):
    """A link without #wechat_redirect shows no buttons."""
    tab = open_tab(PHONE, user_agent="MicroMessenger/8.0")
    tab.goto(consent_link(sandbox, shop, fragment=""))

    expect(tab.get_by_text("链接缺少 #wechat_redirect")).to_be_visible()
    expect(tab.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP, {"width": 320, "height": 560}])
def test_no_page_is_wider_than_its_window(sandbox, shop, open_tab, viewport):
    """Nothing needs sideways scrolling, even with a long name."""
    app = sandbox.app("website")
    sandbox.control("apps", appid=app["appid"], name="一个名字特别特别长的网站应用" * 3)
    tab = open_tab(viewport)
    addresses = [
        login_link(sandbox, shop),
        login_link(sandbox, shop, appid="wx1"),
        consent_link(sandbox, shop),
        f"{sandbox.url}/_sandbox/phone",
    ]
    widths = []
    for address in addresses:
        tab.goto(address)
        widths.append(tab.evaluate("document.documentElement.scrollWidth"))

    assert [width for width in widths if width > viewport["width"]] == []
