"""The console's pages in Chromium: phone and desktop, light and dark, each language."""

from __future__ import annotations

import pytest

from tests.support.axe import Checker
from tests.support.chromium import chromium
from tests.support.console_world import fill, paths

HOST = "https://gateway.example.com"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def world(gateway, wechat, clock):
    fill(gateway, wechat, clock)
    return gateway


def answering(visitor, language):
    """Return what answers a browser's requests in place of a network."""
    visitor.cookies["lang"] = language

    def answer(route):
        path, _, query = route.request.url.removeprefix(HOST).partition("?")
        found = visitor.get(path, query.partition("#")[0])
        headers = {n: v for n, v in found.headers.items() if n != "set-cookie"}
        route.fulfill(status=found.status, headers=headers, body=found.text)

    return answer


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        (390, "dark", "zh-CN"),
        (390, "light", "zh-TW"),
        (390, "light", "en"),
        (1280, "dark", "en"),
        (1280, "light", "zh-CN"),
    ],
)
def test_pages_fit_the_screen(world, opened, browser, width, scheme, language):
    """None is wider than it, and axe-core finds no fault with all that it shows."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        service_workers="block",
        bypass_csp=True,
    )
    try:
        context.route("**/*", answering(opened("admin"), language))
        check = Checker(context)
        wide, faults = [], {}
        for path in paths(world, most=2):
            faults[path] = check.violations(f"{HOST}{path}")
            size = check.page.evaluate("document.documentElement.scrollWidth")
            if size > width:
                wide.append((path, size))
    finally:
        context.close()

    assert wide == []
    assert {path: each for path, each in faults.items() if each} == {}


def test_a_chart_follows_the_colour_scheme(world, opened, browser):
    """Its bars are drawn by the style sheet alone, which the page's policy allows."""
    visitor, colours = opened("viewer"), {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, service_workers="block")
        context.route("**/*", answering(visitor, "en"))
        page = context.new_page()
        page.goto(f"{HOST}/console/")
        bar = page.locator(".chart .fine").first
        colours[scheme] = bar.evaluate("e => getComputedStyle(e).fill")
        assert bar.bounding_box()["height"] > 20
        context.close()

    assert colours == {"light": "rgb(6, 122, 70)", "dark": "rgb(46, 204, 127)"}
