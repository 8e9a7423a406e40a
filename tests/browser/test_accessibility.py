"""Every page of the gateway, the console and the sandbox, as axe-core sees it."""

from __future__ import annotations

from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest

from runtime.pages.console_pages import NAVIGATION
from tests.browser.page_server import pages_on, scripts, serving
from tests.support.axe import SCHEMES, checker
from tests.support.chromium import IPHONE_WECHAT, chromium
from tests.support.console_operator import enter, make_operator
from tests.support.developer_host import DeveloperHost

MOST_PAGES = 100

RENEWED = (
    *("/component_entry", "/component_entry_in_wechat"),
    *("/component_pending", "/embedded"),
)
"""Pages that load themselves anew: before a sign-in expires, or until WeChat answers.

Nobody types or reads anything there that would be lost, and without scripts there is no
other way; axe-core asks for 20 hours between two loads.
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with DeveloperHost(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture(params=SCHEMES)
def check(request, browser):
    with checker(browser, request.param, locale="en-GB") as made:
        yield made


def walk(check, start, *, below, kinds):
    """Yield address and violations of a page, and of those to which it leads.

    Of pages that differ in their last part alone, such as those of apps, `kinds` says
    how many are looked at.
    """
    waiting, known, count = deque([start]), set(), {}
    while waiting:
        url = waiting.popleft()
        kind = urlsplit(url).path.rpartition("/")[0] + urlsplit(url).query[:4]
        count[kind] = count.get(kind, 0) + 1
        if url in known or count[kind] > kinds:
            continue
        known.add(url)
        assert len(known) <= MOST_PAGES
        yield url, check.violations(url)
        links = check.page.eval_on_selector_all("a[href]", "e => e.map((a) => a.href)")
        waiting += [
            each
            for each in (urljoin(url, link).partition("#")[0] for link in links)
            if urlsplit(each).path.startswith(below) and "lang=" not in each
        ]


def test_the_pages_of_users(check):
    """All that a user can see, with long names and with each kind of browser."""
    with serving(lambda port: pages_on(port) | scripts(), []) as port:
        found = {
            path: check.violations(f"http://127.0.0.1:{port}{path}", is_error=True)
            for path in pages_on(port)
        }

    seen = {path: [each[0] for each in rows] for path, rows in found.items() if rows}
    assert seen == {path: ["meta-refresh"] for path in RENEWED}


def test_the_console(check, host):
    """Its entry, and every page to which its pages lead."""
    operator = make_operator(host, "admin")
    assert check.violations(f"{host.url}/console/enter") == []
    enter(check.page, operator.link())
    found = dict(walk(check, f"{host.url}/console/", below="/console/", kinds=12))

    for act, query in (
        ("pause", f"appid={host.app('service')['appid']}"),
        ("show_document", "kind=clients&id=demo"),
    ):
        check.page.goto(f"{host.url}/console/ask/{act}?{query}")
        if act == "show_document":
            check.page.fill("#code", operator.link()["code"])
        with check.page.expect_navigation():
            check.page.locator("main button").click()
        found[f"after {act}"] = check.of_this_page()

    assert {url: each for url, each in found.items() if each} == {}
    paths = {urlsplit(url).path for url in found if url.startswith("http")}
    assert paths >= {path for path, _ in NAVIGATION.values()}


def test_the_sandbox(check, host):
    """WeChat as it is simulated: the phone, the QR code, the consent, and errors."""
    page, wechat = check.page, host.sandbox_url
    found = {"phone": check.violations(f"{wechat}/_sandbox/phone")}
    page.goto(f"{host.url}/login")
    found["qr"] = check.violations(page.locator("iframe").get_attribute("src"))
    uuid = page.locator("img.js_qrcode_img").get_attribute("src").rpartition("/")[2]
    found["client"] = check.violations(f"{wechat}/connect/confirm?uuid={uuid}")
    broken = f"{wechat}/connect/oauth2/authorize?appid=wx1"
    found["error"] = check.violations(broken, is_error=True)
    with checker(page.context.browser, "dark", user_agent=IPHONE_WECHAT) as phone:
        found["confirm"] = phone.violations(f"{wechat}/connect/confirm?uuid={uuid}")
        phone.page.goto(f"{host.url}/login")
        phone.page.wait_for_url(f"{wechat}/**")
        found["consent"] = phone.of_this_page()
        phone.page.get_by_role("button", name="拒绝").click()
        phone.page.wait_for_load_state()
        found["refused"] = phone.of_this_page()

    assert {name: each for name, each in found.items() if each} == {}
