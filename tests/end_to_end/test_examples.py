"""Examples as they are started: each does against the gateway what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
import yaml

from tests.end_to_end.visitor import Visitor
from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT
from tests.support.local_hosts import eventually
from tests.support.manage_process import run_manage
from tests.support.ports import free_port

CHANGED_SECONDS = 3
"""A running gateway acts on a changed document within two seconds."""

EXAMPLES = ROOT / "examples"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A local host of its own: routes and tickets of other tests are not here."""
    with DeveloperHost(tmp_path_factory.mktemp("examples")) as running:
        yield running


@pytest.fixture
def appid(host):
    return host.app("service")["appid"]


@pytest.fixture
def surroundings(host, appid):
    """The environment that the README names."""
    return {
        "PATH": os.environ["PATH"],
        "GATEWAY": host.url,
        "APPID": appid,
        "CLIENT": "demo",
        "SECRET": host.secret,
    }


def run(*command, surroundings):
    done = subprocess.run(
        command, env=surroundings, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_open(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(host, example, *, port, surroundings, says):
    """Run a service on the port until it says that it listens."""
    command = [sys.executable, EXAMPLES / example, f"--port={port}"]
    with (host.folder / "example.log").open("wb") as log:
        process = subprocess.Popen(
            [*map(str, command)],
            env=surroundings | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        while says not in (line := process.stdout.readline()):
            assert line, (host.folder / "example.log").read_text()
        eventually(lambda: is_open(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(30)


def test_sdk_script(surroundings):
    """wechatpy, unmodified, by one line."""
    printed = run(sys.executable, EXAMPLES / "sdk_script.py", surroundings=surroundings)

    assert re.fullmatch(r"3 followers, of whom one is \S{4}…\n", printed)


@needs_node
def test_node_service(surroundings):
    """Node's own fetch."""
    printed = run(NODE, EXAMPLES / "node_service.mjs", surroundings=surroundings)

    assert "3 followers\n" == printed


def test_jssdk_page(host, appid, surroundings):
    """WeChat accepts the signature of the page that was asked for."""
    service = {"port": free_port(), "surroundings": surroundings, "says": "ready"}
    with running(host, "jssdk_page.py", **service) as url:
        page = host.http.request("GET", f"{url}/").data.decode()
        config = json.loads(host.http.request("GET", f"{url}/config").data)
    signed = {
        "appid": appid,
        "url": f"{url}/config",
        "timestamp": str(config["timestamp"]),
        "noncestr": config["nonceStr"],
        "signature": config["signature"],
    }

    assert f'"appId": "{appid}"' in page
    verdict = host.sandbox("POST", "/_sandbox/jssdk/verify", signed)
    assert "config:ok" == verdict["verdict"]


def manage(host, *words):
    done = run_manage(host.folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_bot(host, appid, surroundings):
    """A user's message comes back as the bot's reply."""
    port = free_port()
    manage(host, "client", "add", "Example bot", "--id", "example_bot")
    added = ["--client", "example_bot", "--url", f"http://127.0.0.1:{port}/wechat"]
    route = manage(host, "push", "route", "add", appid, *added, "--reply")
    keys = {"TOKEN": route["token"], "AES_KEY": route["encoding_aes_key"]}
    url = f"{host.url}/wechat_event/{appid}"
    host.sandbox("POST", "/_sandbox/apps", {"appid": appid, "callback_url": url})
    message = {"MsgType": "text", "Content": "你好"}
    push = {"appid": appid, "mode": "safe", "message": message}
    service = {"port": port, "surroundings": surroundings | keys, "says": "ready"}
    try:
        with running(host, "bot.py", **service):
            time.sleep(CHANGED_SECONDS)
            answer = host.sandbox("POST", "/_sandbox/push", push)
    finally:
        manage(host, "push", "route", "remove", appid, route["id"])

    assert "You said: 你好" == (answer["reply"] or answer)["Content"]


@needs_node
def test_mini_program(host, surroundings):
    """app.js, with wx.login played by the sandbox, learns who the user is."""
    app, user = host.app("miniprogram"), host.user(1)
    who = {"appid": app["appid"], "openid": user["openid"][app["appid"]]}
    code = host.sandbox("POST", "/_sandbox/js_code", who)["code"]
    player = ROOT / "tests/end_to_end/mini_program.mjs"
    source = EXAMPLES / "mini_program/app.js"
    printed = run(
        *(NODE, player, source, host.url, app["appid"], code), surroundings=surroundings
    )

    assert f"{user['unionid']}\n" == printed


def test_flask_service(host, appid, surroundings):
    """A user inside WeChat comes back signed in."""
    port = free_port()
    words = ["--preset", "generic", "--app", appid]
    back = f"http://127.0.0.1:{port}/callback"
    client = manage(host, "client", "add", "Flask", *words, "--redirect-uri", back)
    own = {"CLIENT": client["client_id"], "SECRET": client["secret"]}
    service = {"port": port, "surroundings": surroundings | own, "says": "Serving"}
    visitor = Visitor(host)
    with running(host, "flask_service.py", **service) as url:
        given = visitor.sign_in(f"{url}/enter", to=back)
        visitor.ask("GET", f"{back}?{urlencode(given)}")
        me = json.loads(visitor.ask("GET", f"{url}/").data)

    assert me == {"sub": host.user()["unionid"], "name": host.user()["nickname"]}


def test_configurations_name_the_gateways_paths(host):
    """Spring reads the discovery of its issuer; EasyWeChat appends WeChat's paths."""
    spring = yaml.safe_load((EXAMPLES / "spring/application.yml").read_text())
    oauth2 = spring["spring"]["security"]["oauth2"]["client"]
    issuer = oauth2["provider"]["gateway"]["issuer-uri"]
    asked = {*oauth2["registration"]["wechat"]["scope"].split(",")}
    path = f"{issuer}/.well-known/openid-configuration".split("example.com")[1]
    told = json.loads(host.get(path).data)
    php = (EXAMPLES / "laravel/easywechat.php").read_text()

    assert asked <= set(told["scopes_supported"])
    assert "client_secret_basic" in told["token_endpoint_auth_methods_supported"]
    assert f"'base_uri' => '{issuer}/'" in php
    assert {issuer} == {*spring["wx"]["mp"]["hosts"].values()}


def test_every_example_has_its_row():
    """In examples/README.md, which names nothing else."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[[^]]+\]\(([^)]+)\)", text, re.MULTILINE)
    there = {each.name for each in EXAMPLES.glob("*.*") if each.name != "README.md"}
    configured = {"spring/application.yml", "laravel/easywechat.php"}
    configured |= {"mini_program/app.js"}

    assert there | configured == set(rows)
