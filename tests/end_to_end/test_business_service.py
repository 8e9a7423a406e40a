"""The example as a process of its own, beside the local host, in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.end_to_end.example_service import ExampleService, register
from tests.support.chromium import IPHONE_WECHAT
from tests.support.developer_host import ROOT
from tests.support.manage_process import run_manage


@pytest.fixture(scope="module")
def example(host):
    """The running example; the demo client knows its address."""
    with ExampleService(host) as running:
        register(host, running.url)
        yield running


@pytest.fixture
def wechat(browser):
    """A page in WeChat's own browser, of somebody who reads English."""
    context = browser.new_context(user_agent=IPHONE_WECHAT, locale="en-US")
    yield context.new_page()
    context.close()


def scan(host, page):
    """Scan the code that the page shows, and confirm."""
    code = page.frame_locator("iframe").locator("img.js_qrcode_img")
    uuid = code.get_attribute("src").rpartition("/")[2]
    host.sandbox("POST", "/_sandbox/phone/scan", {"uuid": uuid})
    host.sandbox("POST", "/_sandbox/phone/confirm", {"uuid": uuid})


def test_the_demo_client_knows_the_example(host):
    """Where it listens unless told otherwise: one command starts it."""
    usual = "http://127.0.0.1:8090"
    done = run_manage(host.folder, "client", "show", "demo", "--json")
    demo = json.loads(done.stdout)

    assert usual in demo["origins"]
    assert f"{usual}/signed_in" in demo["redirect_uris"]


def test_authenticated_simply_works(host, example, page):
    """A stranger's page leads to the QR code, and after it to that page."""
    page.goto(f"{example.url}/orders?page=2")
    assert page.url.startswith(f"{host.url}/login?next=")
    scan(host, page)
    page.wait_for_url(f"{example.url}/orders?page=2")

    assert host.user()["nickname"] in page.inner_text("main")
    assert "已登录" in page.inner_text("main")


def test_a_visit_at_a_desk_from_the_first_page_to_the_last(host, example, browser):
    """A user finds the link, scans, reads the own name, and signs out again."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(example.url)
    page.get_by_role("link", name="My orders").click()
    scan(host, page)
    page.wait_for_url(f"{example.url}/orders*")
    name = page.locator("main strong").inner_text()
    page.get_by_role("link", name="Sign out").click()
    assert page.url.startswith(f"{host.url}/logout")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()
    left = [each["name"] for each in context.cookies() if "session" in each["name"]]
    page.goto(f"{example.url}/orders")
    again = page.url
    context.close()

    assert host.user()["nickname"] == name
    assert [] == left
    assert again.startswith(f"{host.url}/login?next=")


def test_a_sign_out_at_the_gateway_ends_it(host, example, wechat):
    """The service's link leads to the gateway's question, and then nobody is known."""
    wechat.goto(f"{example.url}/orders")
    wechat.get_by_role("button", name="允许").click()
    wechat.wait_for_url(f"{example.url}/orders*")
    wechat.get_by_role("link", name="Sign out").click()
    wechat.get_by_role("button", name="退出").click()  # WeChat says which language
    wechat.wait_for_load_state()
    wechat.goto(f"{example.url}/orders")

    assert wechat.url.startswith(f"{host.sandbox_url}/connect/oauth2/authorize?")


def test_the_protocol_of_other_hosts_by_qr_code(host, example, page):
    """The gateway in WeChat's place, the service's own session after it."""
    page.goto(example.url)
    page.get_by_role("link", name="微信登录").click()
    assert page.url.startswith(f"{host.url}/connect/qrconnect?")
    scan(host, page)
    page.wait_for_url(f"{example.url}/*")
    assert host.user()["nickname"] in page.inner_text("main")
    page.get_by_role("button", name="退出登录").click()

    assert page.get_by_role("link", name="微信登录").is_visible()


def test_the_protocol_of_other_hosts_inside_wechat(host, example, wechat):
    """By the consent sheet; the log of the service has no code of it."""
    wechat.goto(f"{example.url}/sign_in")
    wechat.get_by_role("button", name="允许").click()
    wechat.wait_for_url(f"{example.url}/*")

    assert f"Signed in as {host.user()['nickname']}" in wechat.inner_text("main")
    assert "/signed_in" in example.log()
    assert "code" not in example.log()
    values = [each["value"] for each in wechat.context.cookies()]
    assert not [each for each in (*values, host.secret) if each in example.log()]


def test_a_repeated_callback_is_no_error(host, example, wechat):
    """Back or a reload leads on, and WeChat is not asked again."""
    seen = []
    wechat.on("request", lambda request: seen.append(request.url))
    wechat.goto(f"{example.url}/sign_in")
    wechat.get_by_role("button", name="允许").click()
    wechat.wait_for_url(f"{example.url}/*")
    wechat.goto(next(each for each in seen if "/signed_in?" in each))

    assert wechat.url.partition("#")[0] == f"{example.url}/"
    assert "Signed in as" in wechat.inner_text("main")


def test_a_stale_url_is_a_page_with_a_link(example, page):
    """Somebody's old address signs nobody in."""
    answer = page.goto(f"{example.url}/signed_in?code=x&state={'0' * 32}")

    assert 400 == answer.status
    assert "请重试" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("link", name="微信登录").is_visible()


def test_signing_out_takes_the_services_own_form(host, example):
    """No other site, and no other service of this host, can do it."""
    answer = host.http.request("POST", f"{example.url}/sign_out", redirect=False)

    assert 403 == answer.status


def test_without_a_gateway_it_says_what_to_do(tmp_path):
    """In a folder where none has run: a sentence, and no stack."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/business_service.py")],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (1, "") == (done.returncode, done.stdout)
    assert ".local/demo_client.json is missing: start the gateway" in done.stderr
    assert 1 == len(done.stderr.splitlines())
