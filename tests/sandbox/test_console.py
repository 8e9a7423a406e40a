"""Console at /_sandbox/, by its buttons and by the forms behind them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.support.axe import checker
from tests.support.chromium import chromium

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LANGUAGES = {"zh": ("zh-CN", "请求记录"), "en": ("en", "Journal")}


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def tab(browser):
    """A tab of somebody who reads English; a script error fails the test."""
    errors = []
    context = browser.new_context(locale="en-US")
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context.new_page()
    context.close()

    assert errors == []


def press(sandbox, **fields):
    """Send one of the forms; return the page."""
    return sandbox.post("/_sandbox/", urlencode(fields).encode(), headers=FORM)


def followers(sandbox):
    """Return a function that counts an account's followers with one token."""
    token = sandbox.token()
    return lambda: sandbox.get("/cgi-bin/user/get", f"access_token={token}").json()


def test_the_root_leads_a_browser_there(sandbox):
    """And a program is answered as by WeChat."""
    browser = sandbox.get("/", headers={"Accept": "text/html,*/*"})
    program = sandbox.get("/", headers={"Accept": "*/*"})

    assert (302, "/_sandbox/") == (browser.status, browser.headers["Location"])
    assert "errcode" in program.json()


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages(sandbox, language):
    """By `lang`, or by what the browser prefers."""
    code, word = LANGUAGES[language]
    chosen = sandbox.get("/_sandbox/", f"lang={language}").text
    preferred = sandbox.get("/_sandbox/", headers={"Accept-Language": code}).text

    for page in (chosen, preferred):
        assert f'<html lang="{code}">' in page
        assert f"<h2>{word}</h2>" in page


def test_a_fault_is_ordered(sandbox):
    """The next call fails, the one after it does not."""
    call = followers(sandbox)
    press(sandbox, do="fault", path="/cgi-bin/user/get", fault="40001", times="1")

    assert [40001, None] == [call().get("errcode"), call().get("errcode")]


def test_tokens_end(sandbox):
    """The account's token is answered 40001."""
    call = followers(sandbox)
    press(sandbox, do="expire", appid=sandbox.app("service")["appid"])

    assert 40001 == call()["errcode"]


def test_the_clock_moves(sandbox):
    """Forward, by the seconds of the button."""
    before = sandbox.get("/_sandbox/clock").json()["now"]
    press(sandbox, do="clock", advance="7200")

    assert 7200 <= sandbox.get("/_sandbox/clock").json()["now"] - before < 7260


def test_a_push_and_a_ticket_arrive(sandbox, callback):
    """At the callback URLs; the page tells what came of each."""
    service, component = sandbox.app("service"), sandbox.app("component")
    for app in (service, component):
        sandbox.control("apps", appid=app["appid"], callback_url=callback.url)
    press(sandbox, do="push", appid=service["appid"], content="hello")
    press(sandbox, do="component", appid=component["appid"], action="ticket")

    assert 2 <= len(callback.deliveries)


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "anything"},
        {"do": "fault", "path": "/a", "fault": "40001", "times": "0"},
        {"do": "fault", "path": "/a", "fault": "1", "times": "1"},
        {"do": "clock", "advance": "-5"},
        {"do": "clock", "advance": "9" * 5000},
        {"do": "push", "appid": "<script>", "content": "hello"},
        {"do": "component", "appid": "wx", "action": "ticket"},
    ],
    ids=lambda fields: " ".join(fields.values())[:40],
)
def test_a_wrong_form_is_said(sandbox, fields):
    """On the page, with nothing of it as markup."""
    page = press(sandbox, **fields)

    assert page.status in (400, 404, 409)
    assert "&quot;error&quot;" in page.text
    assert "<script>&quot;" not in page.text


def test_by_hand(sandbox, tab):
    """A button is pressed, and the journal follows without a reload."""
    tab.goto(f"{sandbox.url}/")
    tab.get_by_role("button", name="errcode 40164").click()
    expect(tab.get_by_role("status")).to_contain_text("40164")
    followers(sandbox)()
    row = tab.locator("#journal tr", has_text="/cgi-bin/user/get")
    expect(row).to_contain_text("errcode 40164")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_left_out(sandbox, browser, language):
    """axe-core finds nothing on the console and on the phone."""
    with checker(browser, "light") as checked:
        for page in ("", "phone"):
            assert [] == checked.violations(
                f"{sandbox.url}/_sandbox/{page}?lang={language}"
            )


def test_a_closed_page_leaves_the_phone(sandbox, browser):
    """Its QR code vanishes there, while that of an open page stays."""
    app = sandbox.app("website")
    link = urlencode(
        {
            "appid": app["appid"],
            "redirect_uri": "http://127.0.0.1:8080/back",
            "response_type": "code",
            "scope": "snsapi_login",
            "state": "a",
        }
    )
    context = browser.new_context()
    for _ in range(2):
        page = context.new_page()
        with page.expect_request("**/connect/l/qrconnect*"):
            page.goto(f"{sandbox.url}/connect/qrconnect?{link}")
    phone = context.new_page()
    phone.goto(f"{sandbox.url}/_sandbox/phone?lang=en")
    scans = phone.get_by_role("button", name="Scan")
    expect(scans).to_have_count(2)
    page.close()
    expect(scans).to_have_count(1, timeout=15_000)
    context.close()
