"""Questions of an operator through the function admin: tokens, calls, documents."""

from __future__ import annotations

import json
import time

import pytest

from tests.end_to_end.operator_host import KEY_ID, KEY_SECRET, start_host
from tests.support.manage_process import run_manage
from tests.support.ports import free_port
from tests.support.sandbox_client import Sandbox, start_sandbox


@pytest.fixture(scope="module")
def wechat():
    """The simulated WeChat, as a process of its own."""
    process = start_sandbox(free_port())
    ready = process.stdout.readline()
    assert ready.startswith("ready "), ready
    running = Sandbox(ready.split()[1])
    yield running
    running.pool.clear()
    process.terminate()
    process.communicate(timeout=5)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, shared_redis, wechat):
    """A local host in front of it, whose admin trigger knows one key."""
    shared_redis.empty()
    folder = tmp_path_factory.mktemp("questions")
    with start_host(folder, shared_redis.url, wechat=wechat.url) as running:
        yield running


@pytest.fixture
def manage(gateway, tmp_path):
    """Run manage.py with the endpoint; return its exit code and JSON."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}

    def run(*words, typed=""):
        words = [*words, "--json", "--endpoint", gateway.url]
        done = run_manage(tmp_path, *words, typed=typed, **key)
        assert "" == done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def test_from_a_new_app_to_a_dead_token(manage, gateway, wechat):
    """Each answer has the exit code that a script looks at, and no secret."""
    app = wechat.app("service")
    appid, path = app["appid"], "/cgi-bin/user/get"
    words = ["app", "add", appid, "--kind", "service", "--secret-stdin"]
    code, _ = manage(*words, "--reason", "ticket 4711", typed="0" * 32)
    assert 0 == code

    # The AppSecret was mistyped: the check names it, and nothing else is claimed.
    code, told = manage("app", "check", appid, "--seconds", "0")
    assert (1, ["AppSecret"]) == (code, told["faults"])
    code, told = manage("token", "show", appid, "--check")
    assert (1, "none") == (code, told["tokens"][0]["check"])
    words = ["app", "update", appid, "--secret", "--secret-stdin"]
    manage(*words, "--reason", "mistyped", typed=app["secret"])
    code, told = manage("app", "check", appid, "--seconds", "0")
    assert (0, "ok") == (code, told["trials"][0]["state"])

    # Who changed what, and why.
    _, told = manage("document", "history", f"apps/{appid}")
    assert [(KEY_ID, "ticket 4711"), (KEY_ID, "mistyped")] == [
        (each["who"], each["reason"]) for each in told["versions"]
    ]
    _, told = manage("document", "diff", f"apps/{appid}")
    assert ["secret"] == [each["field"] for each in told["changes"]]
    _, shown = manage("document", "show", f"apps/{appid}")
    assert app["secret"] not in json.dumps([told, shown])

    # A client calls, and WeChat refuses one of its calls.
    words = ["client", "add", "Orders", "--app", appid, "--scope", "/cgi-bin/user/*"]
    secret = manage(*words)[1]["secret"]
    query = f"grant_type=client_credential&appid={appid}&secret={secret}"
    token = json.loads(gateway.get(f"/cgi-bin/token?{query}").data)["access_token"]
    for asked in (path, "/cgi-bin/user/info"):
        gateway.get(f"{asked}?access_token={token}&openid=nobody")
    until = time.monotonic() + 30
    while not (rows := _errors(manage, gateway, f"{path}?access_token={token}")):
        assert time.monotonic() < until
    assert [("orders", appid, "/cgi-bin/user/info", 40003)] == rows

    # WeChat forgets the token: only the check can tell.
    assert 0 == manage("token", "show", appid, "--check")[0]
    wechat.control("expire", appid=appid)
    assert 0 == manage("token", "show", appid)[0]
    code, told = manage("token", "show", appid, "--check")
    assert (1, "dead") == (code, told["tokens"][0]["check"])
    assert f"token refresh {appid} --force" in told["faults"][0]["mend"]
    manage("token", "refresh", appid, "--force")
    assert 0 == manage("token", "show", appid, "--check")[0]
    assert app["secret"] not in gateway.log()


def _errors(manage, gateway, target):
    """Return the rows with errors; a process writes its counts with a later call."""
    gateway.get(target)
    code, told = manage("calls", "--client", "orders")
    assert 0 == code
    names = ("client", "app", "path", "errcode")
    return [
        tuple(each[name] for name in names) for each in told["calls"] if each["errcode"]
    ]


def test_the_address_that_wechat_sees_is_the_functions(manage, wechat):
    """The function asks, so that its own address is tried."""
    app = wechat.app("miniprogram")
    words = ["app", "add", app["appid"], "--kind", "miniprogram", "--secret-stdin"]
    manage(*words, typed=app["secret"])
    wechat.control("apps", appid=app["appid"], ip_whitelist=["10.1.2.3"])
    code, told = manage("app", "check", app["appid"], "--seconds", "0")

    assert (1, ["IP whitelist"]) == (code, told["faults"])
    (line,) = (each for each in told["trials"] if each["what"] == "IP whitelist")
    assert "127.0.0.1" in line["says"]


def test_a_website_app_on_another_domain(manage, wechat):
    """WeChat says so on its page; there is no wait for pushes."""
    app = wechat.app("website")
    words = ["app", "add", app["appid"], "--kind", "website", "--secret-stdin"]
    manage(*words, typed=app["secret"])

    code, told = manage("app", "check", app["appid"])
    assert (1, ["callback domain"]) == (code, told["faults"])
    wechat.control("apps", appid=app["appid"], callback_domain="a")
    assert 0 == manage("app", "check", app["appid"])[0]
