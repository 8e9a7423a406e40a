"""The pages in a real browser: styled, legible, usable by keyboard."""

import pytest

from runtime.web.messages import redirect
from tests.browser.page_server import (
    WXLOGIN_PATH,
    pages_on,
    scripts,
    serving,
    sign_in,
    sign_out,
)
from tests.support.chromium import chromium

PATHS = pages_on(1)
# Each text's colour, and each control's edge, against the nearest ground behind it, as
# WCAG 2 reckons, and how much it has to be at least.
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((v) => v / 255).map(
      (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    const colour = getComputedStyle(e).backgroundColor;
    return parts(colour)[3] === 0 ? ground(e.parentElement) : colour;
  };
  const ratio = (one, two) => {
    const [dark, bright] = [light(one), light(two)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const found = [...document.body.querySelectorAll("*")].filter(
    (e) => e.checkVisibility() && (e.innerText || e.matches("textarea, input")));
  const texts = found.map(
    (e) => [e.outerHTML, ratio(getComputedStyle(e).color, ground(e)), 4.5]);
  const edge = (e) =>
    ratio(getComputedStyle(e).borderTopColor, ground(e.parentElement));
  const edges = found.filter((e) => e.matches(".button, textarea, input")).map(
    (e) => [e.outerHTML, edge(e), 3]);
  return [...texts, ...edges];
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def port():
    with serving(lambda port: pages_on(port) | scripts(), []) as port:
        yield port


@pytest.fixture(params=[(320, "dark"), (1280, "light")], ids=["phone", "desktop"])
def tab(request, browser):
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 640}, color_scheme=scheme
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_and_its_own_rules_let_it_be(path, port, tab):
    """The style is applied, our policy blocks nothing of ours, nothing sticks out."""
    said = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"http://127.0.0.1:{port}{path}")
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    corner = tab.eval_on_selector("main", "e => getComputedStyle(e).maxWidth")

    assert (0, "416px") == (wide, corner)
    assert [] == [text for text in said if "Content Security Policy" in text]


@pytest.mark.parametrize("path", PATHS)
def test_everything_can_be_told_from_its_ground(path, port, tab):
    """Text has a contrast of 4.5 and controls' edges one of 3, by day and by night."""
    tab.goto(f"http://127.0.0.1:{port}{path}")
    found = tab.evaluate(CONTRASTS)

    assert len(found) >= 3
    assert [] == [each for each in found if each[1] < each[2]]


@pytest.mark.parametrize("path", PATHS)
def test_everything_is_reached_by_keyboard(path, port, tab):
    """Tab goes through every control, and each shows that it has the focus."""
    tab.goto(f"http://127.0.0.1:{port}{path}")
    controls = "main a, main button, main textarea, main summary, nav a"
    controls += ", main input:not([type=hidden])"
    wanted = tab.eval_on_selector_all(
        controls, "all => all.filter(e => e.checkVisibility()).map(e => e.outerHTML)"
    )
    reached = []
    # The frame has stops of its own, and the round may begin behind it.
    for _ in range(2 * len(wanted) + 12):
        tab.keyboard.press("Tab")
        focused = tab.evaluate(
            "() => [document.activeElement.outerHTML,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if focused[1] == "solid" and focused[0] not in reached:
            reached.append(focused[0])

    assert set(wanted) == set(reached)


@pytest.mark.case(113)
@pytest.mark.parametrize("script", [True, False], ids=["wxLogin.js", "own frame"])
def test_the_framed_page_leads_the_top_window_on(browser, script):
    """Without a click WeChat's page moves us on, and our Lax cookie comes along."""
    seen = []

    def answers_on(port):
        cookie = ("Set-Cookie", "flow=1; Path=/; HttpOnly; SameSite=Lax")
        on = f"<script>top.location = 'http://127.0.0.1:{port}/back'</script>"
        answers = pages_on(port) | scripts(on.encode())
        answers["/back"] = answers["/error"]
        answers["/desktop"] = lambda: sign_in(port=port).with_headers(cookie)
        return answers

    with serving(answers_on, seen) as port:
        context = browser.new_context()
        if not script:
            context.route(f"**{WXLOGIN_PATH}", lambda route: route.abort())
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{port}/desktop", wait_until="commit")
        tab.wait_for_url("**/back", timeout=10_000)
        context.close()

    assert ("/connect/qrconnect", None) in seen
    assert ("/back", "flow=1") in seen


@pytest.mark.parametrize("named", [True, False])
def test_signing_out_leads_to_the_site_that_the_page_names(browser, named):
    """Chromium holds form-action against the redirect behind the form's POST."""
    seen = []

    def answers_on(port):
        elsewhere = f"http://localhost:{port}/signed_out"
        targets = (elsewhere,) if named else ()
        return pages_on(port) | {
            "/logout": lambda: redirect(elsewhere),
            "/ask": lambda: sign_out(action="/logout", form_targets=targets),
        }

    with serving(answers_on, seen) as port:
        tab = browser.new_page()
        tab.goto(f"http://127.0.0.1:{port}/ask")
        sign_out_now = tab.get_by_role("button", name="Sign out")
        if named:
            sign_out_now.click()
            tab.wait_for_url("http://localhost:*/signed_out", timeout=10_000)
        else:
            with tab.expect_console_message(lambda said: "form-action" in said.text):
                sign_out_now.click(no_wait_after=True)
        tab.close()

    assert named == ("/signed_out" in [path for path, _ in seen])


@pytest.mark.parametrize("clipboard", [True, False], ids=["https", "http"])
def test_an_address_is_copied(clipboard, port, browser):
    """By the clipboard, or, where a browser has none over http, by the selection."""
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not clipboard:
        context.add_init_script("delete Navigator.prototype.clipboard")
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{port}/mobile")
    tab.get_by_role("button", name="Copy the address").click()
    tab.get_by_role("button", name="Copied").wait_for()
    address = tab.get_by_label("Address to open").input_value()
    tab.set_content("<textarea></textarea>")
    tab.locator("textarea").focus()
    tab.keyboard.press("Control+V")
    copied = tab.locator("textarea").input_value()
    context.close()

    assert address == copied
    assert "/desktop?next=/orders" in copied


def test_without_scripts_the_address_is_selected(port, browser):
    """There is no button that does nothing."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{port}/mobile")
    shown = tab.locator("button").is_visible()
    context.close()

    assert not shown


# For each line of a text: the characters around its end, where that is inside a word.
BROKEN = """() => {
  const words = new Intl.Segmenter("zh", {granularity: "word"});
  const broken = [];
  for (const element of document.querySelectorAll("h1, main p, .button")) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const inside = new Set();
      for (const {segment, index} of words.segment(node.data))
        for (let at = 1; at < segment.length; at++) inside.add(index + at);
      let before = null;
      for (let at = 0; at < node.data.length; at++) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const box = range.getBoundingClientRect();
        if (!box.width) continue;
        if (before !== null && box.top > before + 4 && inside.has(at))
          broken.push(node.data.slice(at - 4, at) + "|" + node.data.slice(at, at + 4));
        before = box.top;
      }
    }
  }
  return broken;
}"""


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_chinese_breaks_at_no_word(language, port, browser):
    """On a phone, as far as the browser itself knows the words."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    found = []
    for path in ("/error", "/operator", "/account_qr", "/phone_refused"):
        tab.goto(f"http://127.0.0.1:{port}{path}?lang={language}")
        found += tab.evaluate(BROKEN)
    context.close()

    assert [] == found
