"""An operator sets pushes up with manage.py, against a host and the platform."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.local_hosts import ROOT, eventually
from tests.support.manage_process import run_manage
from tests.support.message_service import AES_KEY, TOKEN, message_service
from tests.support.pushed_host import PushedHost


@pytest.fixture
def pushed(host, tmp_path, redis_server):
    host.reset()
    return PushedHost(tmp_path, redis_server.url, host)


@pytest.fixture
def manage(pushed, tmp_path):
    """Run manage.py with the settings of the host; return what it prints as JSON."""

    def run(*words, typed=""):
        done = run_manage(tmp_path, *words, "--json", typed=typed, **pushed.environment)
        assert (0, "") == (done.returncode, done.stderr)
        return json.loads(done.stdout)

    return run


@pytest.fixture
def manage_meanwhile(pushed, tmp_path):
    """Start manage.py, which goes on while the test does something."""
    started = []

    def start(*words, typed=""):
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *words],
            cwd=tmp_path,
            env={**pushed.environment, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        process.stdin.write(typed)
        process.stdin.close()
        return process

    yield start
    for each in started:
        each.kill()
        each.wait(20)
        each.stdout.close()


def lines_until(process, word):
    """Return what it prints up to a line with this word."""
    lines = []
    while not lines or word not in lines[-1]:
        line = process.stdout.readline()
        assert line, lines
        lines.append(line)
    return lines


def send(host, pushed, running, mode="safe", **message):
    """Let the platform push; return what came of it."""
    url = running.url + pushed.path
    host.sandbox("POST", "/_sandbox/apps", {"appid": pushed.appid, "callback_url": url})
    what = {"appid": pushed.appid, "message": message, "mode": mode}
    return host.sandbox("POST", "/_sandbox/push", what)


def test_a_message_server_moves_behind_the_gateway(host, pushed, manage):
    """With its own token and AES key, from the route to the first reply and back."""
    with message_service(appid=pushed.appid) as service, pushed.start() as running:
        service.answer = lambda message: f"you said {message.content}"
        manage("client", "add", "Bot")
        secrets = f"{TOKEN}\n{AES_KEY}\n"
        words = ("--client", "bot", "--url", service.url, "--reply", "--token-stdin")
        made = manage(
            *("push", "route", "add", pushed.appid, *words, "--aes-key"), typed=secrets
        )
        tried = manage("push", "test", pushed.appid, made["id"], "--text", "hello")
        assert "you said hello" == tried["reply"]["Content"]

        done = send(host, pushed, running, MsgType="text", Content="hi")
        assert (None, "text") == (done["error"], done["reply"]["MsgType"])
        assert "you said hi" == done["reply"]["Content"]

        listed = manage("push", "list", pushed.appid)["pushes"]
        assert [("text", {made["id"]: "done"})] == [
            (each["type"], each["deliveries"]) for each in listed
        ]
        named = ("push", "show", pushed.appid, listed[0]["push"])
        assert "you said hi" not in json.dumps(manage(*named), ensure_ascii=False)
        shown = manage(*named, "--content")
        assert "you said hi" in shown["deliveries"][0]["answer"]

        manage("push", "pause", pushed.appid)
        assert "success" == send(host, pushed, running, MsgType="text")["body"]
        assert 2 == len(service.contents)
        manage("push", "resume", pushed.appid)
        pushed.delivered()
        eventually(lambda: len(service.contents) == 3)


def test_the_check_waits_for_the_platform(host, pushed, manage_meanwhile):
    """It says what was wrong with the first try, and ends with the second one."""
    with pushed.start() as running:
        process = manage_meanwhile("app", "check", pushed.appid, "--seconds", "60")
        entered = lines_until(process, "waiting")
        assert any(f"http://a{pushed.path}" in line for line in entered)
        send(host, pushed, running, "plain", MsgType="text", Content="hi")
        assert "not_encrypted" in lines_until(process, "came")[-1]
        send(host, pushed, running, "verify")
        assert "check accepted" in lines_until(process, "came")[-1]

        assert 0 == process.wait(20)


def test_a_developer_listens(host, pushed, manage_meanwhile):
    """All users of the sandbox, who get the reply of the developer's service."""
    (user, *_) = host.sandbox("GET", "/_sandbox/users")
    openid = user["openid"][pushed.appid]
    with message_service(appid=pushed.appid) as service, pushed.start() as running:
        service.answer = lambda message: f"from my machine: {message.content}"
        process = manage_meanwhile(
            *("push", "listen", pushed.appid, "--forward-to", service.url),
            *("--reply", "--token-stdin", "--aes-key"),
            typed=f"{TOKEN}\n{AES_KEY}\n",
        )
        lines_until(process, "mode")
        message = {"MsgType": "text", "Content": "hi", "FromUserName": openid}
        send(host, pushed, running, **message)
        lines_until(process, "reply sent")

    path = f"/_sandbox/messages?appid={pushed.appid}"
    sent = host.sandbox("GET", path)
    assert [(openid, "from my machine: hi")] == [
        (each["openid"], each["content"]["content"]) for each in sent
    ]
