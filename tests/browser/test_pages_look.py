"""The pages in a real browser: styled, readable by keyboard, and led on by WeChat's."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runtime import errors, pages
from tests.chromium import chromium

NAME = "Ein-sehr-langer-Name-ohne-jede-Trennung " + "商城" * 20


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@contextmanager
def serving(answers, seen):
    """Serve `answers` by path on a free port; what is asked goes into `seen`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            seen.append((path, self.headers.get("Cookie")))
            response = answers[path]()
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, *arguments):
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def sign_in(*, port=1, **changes):
    qr_url = f"http://localhost:{port}/frame?login_type=jssdk"
    login_url = f"http://127.0.0.1:{port}/desktop?next=/orders"
    ways = {"qr_url": qr_url, "qr_page_url": qr_url, "wechat_url": qr_url}
    return pages.sign_in(
        "en", login_url=login_url, client_name=NAME, **{**ways, **changes}
    )


def frame():
    """Return a stand-in for WeChat's page, which goes on once the phone confirmed."""
    page = sign_in()
    script = b"<script>top.location = 'http://127.0.0.1:' + location.port + '/back'"
    return type(page)(200, (("Content-Type", "text/html"),), script + b"</script>")


def error():
    return pages.error_page(
        "en", errors.FlowExpired(), request_id="1-6", start_again="/desktop", home="/"
    )


ANSWERS = {
    "/desktop": sign_in,
    "/mobile": lambda: sign_in(mobile=True),
    "/wechat": lambda: sign_in(in_wechat=True),
    "/operator": lambda: sign_in(qr_url=None, qr_page_url=None, wechat_url=None),
    "/error": error,
    "/sign_out": lambda: pages.sign_out("en", action="/", token="t", home="/"),
    "/signed_out": lambda: pages.signed_out("en", home="/"),
}


@pytest.fixture(scope="module")
def port():
    with serving(ANSWERS, []) as port:
        yield port


@pytest.fixture(params=[(320, "dark"), (1280, "light")], ids=["phone", "desktop"])
def tab(request, browser):
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 640}, color_scheme=scheme
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ANSWERS)
def test_a_page_fits_and_its_own_rules_let_it_be(path, port, tab):
    """The style is applied, our policy blocks nothing of ours, nothing sticks out."""
    blocked = []
    tab.on("console", lambda message: blocked.append(message.text))
    tab.goto(f"http://127.0.0.1:{port}{path}")
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    corner = tab.eval_on_selector("main", "e => getComputedStyle(e).maxWidth")

    assert (0, "416px") == (wide, corner)
    assert [] == [text for text in blocked if "Content Security Policy" in text]


@pytest.mark.parametrize("path", ANSWERS)
def test_everything_is_reached_by_keyboard(path, port, tab):
    """Tab goes through every control, and each shows that it has the focus."""
    tab.goto(f"http://127.0.0.1:{port}{path}")
    controls = "main a, main button, main textarea, main summary, nav a"
    wanted = tab.eval_on_selector_all(
        controls, "all => all.filter(e => e.checkVisibility()).map(e => e.outerHTML)"
    )
    reached = set()
    # The frame has stops of its own, and the round may begin behind it.
    for _ in range(2 * len(wanted) + 12):
        tab.keyboard.press("Tab")
        focused = tab.evaluate(
            "() => [document.activeElement.outerHTML,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if focused[1] == "solid":
            reached.add(focused[0])

    assert set(wanted) == reached


def test_the_framed_page_leads_the_top_window_on(browser):
    """Without a click WeChat's page moves us on, and our Lax cookie comes along."""
    seen = []
    answers = {"/frame": frame, "/back": error}
    with serving(answers, seen) as port:
        answers["/desktop"] = lambda: sign_in(port=port).with_headers(
            ("Set-Cookie", "flow=1; Path=/; HttpOnly; SameSite=Lax")
        )
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{port}/desktop", wait_until="commit")
        tab.wait_for_url("**/back", timeout=10_000)
        context.close()

    assert ("/frame", None) in seen
    assert ("/back", "flow=1") in seen
