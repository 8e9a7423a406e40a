"""The console in a real browser: by keyboard alone, and without scripts."""

from __future__ import annotations

import os
import re
import time

import pytest

from functions.console.acts import ACTS
from runtime.pages.console_pages import NAVIGATION
from tests.support.chromium import chromium
from tests.support.console_operator import enter, make_operator, manage
from tests.support.developer_host import DeveloperHost
from tests.support.manage_process import run_manage

COMPONENT = "wx00000000000000c1"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("host")) as running:
        secrets = f"{'5' * 32}\n"
        words = ("component", "add", COMPONENT, "--secret-stdin")
        done = run_manage(running.folder, *words, typed=secrets)
        assert done.returncode == 0, done.stderr
        (version,) = running.folder.glob(f".local/config/apps/{COMPONENT}/*")
        an_hour_ago = time.time() - 3600  # by now its first ticket is overdue
        os.utime(version, (an_hour_ago, an_hour_ago))
        yield running


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def operator(host):
    return make_operator(host, "admin")


@pytest.fixture
def tab(browser):
    """A tab that runs no script, and asks for English."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


def focused(tab):
    """Return what has the focus; the driver sees it without scripts of the page."""
    return tab.locator(":focus")


def tab_to(tab, words):
    """Press Tab until this has the focus, as somebody without a mouse does."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        at = focused(tab)
        if at.count() and re.search(words, at.inner_text() or at.get_attribute("name")):
            return
    raise AssertionError(f"Tab never came to {words}")


def press(tab, path):
    """Press Enter; return once the browser is at this path."""
    with tab.expect_navigation(url=re.compile(path)):
        tab.keyboard.press("Enter")


def test_in_and_out_by_keyboard_alone(tab, operator):
    """The code is typed, the first stop skips the navigation, and one logs out."""
    made = operator.link()
    enter(tab, made)
    assert tab.locator("h1").inner_text() == "Overview"
    tab.keyboard.press("Tab")
    assert focused(tab).inner_text() == "Skip to the content"
    tab_to(tab, "^Log out$")
    press(tab, "/console/enter$")

    names = [each["name"] for each in tab.context.cookies()]
    assert "gateway_console" not in names
    answer = tab.goto(made["address"].replace("enter", ""))
    assert answer.status == 404


def test_every_page_by_keyboard_alone(tab, operator):
    """From one to the next by the navigation, which says where one is."""
    enter(tab, operator.link())
    for path, words in NAVIGATION.values():
        tab_to(tab, f"^{words}$")
        press(tab, f"{path}$")
        current = tab.locator("header nav [aria-current=page]")
        assert current.inner_text() == words
        assert tab.locator("h1").count() == 1


@pytest.fixture
def targets(host):
    """What each action is done to."""
    service = host.app("service")["appid"]
    return {
        **dict.fromkeys(("refresh", "pause", "resume"), f"appid={service}"),
        **dict.fromkeys(("replay", "drop"), f"appid={service}&all=1"),
        "ticket": f"appid={COMPONENT}",
        "disable": "client_id=demo",
        "sign_out": "",
        "acknowledge": f"condition=ticket_old&of={COMPONENT}",
    }


def test_the_nine_actions_by_keyboard_alone(tab, host, operator, targets):
    """Each by the form that asks; what destroys with a new code."""
    enter(tab, operator.link())
    results = {}
    for name, query in targets.items():
        tab.goto(f"{host.url}/console/ask/{name}?{query}")
        if name == "sign_out":
            tab_to(tab, "^sub$")
            tab.keyboard.type("o-somebody")
        if ACTS[name].fresh_code:
            tab_to(tab, "^code$")
            tab.keyboard.type(operator.link()["code"])
        tab_to(tab, f"^{ACTS[name].button}$")
        press(tab, "/console/done/")
        results[name] = tab.get_by_role("status").inner_text()

    # The sandbox knows no component with this appid.
    assert not results.pop("ticket").startswith("Done")
    assert [name for name, says in results.items() if "Done" not in says] == []
    assert manage(host, "client", "show", "demo")["disabled"] is True
    manage(host, "client", "enable", "demo")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_every_page_fits(browser, host, operator, width, scheme):
    """Nothing sticks out on a phone, and no page runs into its own policy."""
    looks = {"viewport": {"width": width, "height": 640}, "color_scheme": scheme}
    context = browser.new_context(**looks)
    try:
        page = context.new_page()
        enter(page, operator.link())
        messages = []
        page.on("console", lambda message: messages.append(message.text))
        wide = {}
        for path, _ in NAVIGATION.values():
            page.goto(f"{host.url}{path}")
            wide[path] = page.evaluate(
                "document.documentElement.scrollWidth - innerWidth"
            )

        assert {path: more for path, more in wide.items() if more} == {}
        assert messages == []
    finally:
        context.close()
