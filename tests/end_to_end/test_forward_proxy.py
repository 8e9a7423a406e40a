"""The product where only a forward proxy reaches WeChat."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.visitor import Visitor
from tests.support.developer_host import DeveloperHost
from tests.support.manage_process import run_manage
from tests.support.product_walk import METRICS_TOKEN, ProductWalk
from tests.support.tiny_proxy import PASSWORD, TinyProxy


@pytest.fixture
def proxy(tmp_path):
    with TinyProxy(tmp_path / "proxy") as running:
        yield running


def test_every_call_to_wechat_goes_through_it(proxy, redis_server, tmp_path):
    """Tokens, codes and calls do; pushes to services do not."""
    settings = {
        "REDIS_URL": redis_server.url,
        "METRICS_TOKEN": METRICS_TOKEN,
        "WECHAT_PROXY_URL": proxy.url,
    }
    with DeveloperHost(tmp_path, environment=settings) as host:
        ProductWalk(host).all()
        wechat = urlsplit(host.sandbox_url).netloc
        health = json.loads(host.get("/healthz").data)
        appid = host.app("service")["appid"]
        checked = run_manage(
            host.folder, "app", "check", appid, "--json", "--seconds=0"
        )
        assert PASSWORD not in host.log()
        saw = [each["path"] for each in host.sandbox("GET", "/_sandbox/journal")]

    assert {wechat} == set(proxy.tunnels())
    assert "ok" == health["wechat_proxy"]
    assert f"WeChat takes calls from the proxy {proxy.name}" in checked.stdout
    paths = {"/cgi-bin/stable_token", "/sns/oauth2/access_token", "/cgi-bin/user/get"}
    assert paths <= set(saw)


def test_a_proxy_that_is_away(proxy, redis_server, tmp_path):
    """Nothing goes another way; health is red, and `app check` says why."""
    settings = {"REDIS_URL": redis_server.url, "WECHAT_PROXY_URL": proxy.url}
    with DeveloperHost(tmp_path, environment=settings) as host:
        proxy.stop()
        health = host.get("/healthz")
        appid = host.app("service")["appid"]
        checked = run_manage(
            host.folder, "app", "check", appid, "--wide", "--seconds=0"
        )
        host.reset()
        called = ProductWalk(host).answer_of_a_call()
        with pytest.raises(AssertionError):
            Visitor(host).sign_in("/login?next=/login/me", to="/login/me")
        saw = [each["path"] for each in host.sandbox("GET", "/_sandbox/journal")]
        log = host.log()

    assert (503, "away") == (health.status, json.loads(health.data)["wechat_proxy"])
    assert f"the proxy {proxy.name} (WECHAT_PROXY_URL)" in _words(checked.stdout)
    assert 1 == checked.returncode
    assert (502, -1) == (called.status, json.loads(called.data)["errcode"])
    assert [] == [path for path in saw if path.startswith(("/cgi-bin/", "/sns/"))]
    assert PASSWORD not in f"{checked.stdout}{checked.stderr}{log}{called.data}"


def _words(text):
    """Return the text without the line breaks of a table."""
    return " ".join(text.split())
