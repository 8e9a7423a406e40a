"""Message servers, unmodified, behind the gateway: pushed to by the sandbox.

A server is there already: the sandbox pushes to it directly. Then it moves behind the
gateway: the route has its token and key, the account gets new ones, and the server
goes on as the same process, and replies what it replied before.
"""

from __future__ import annotations

import json
import secrets

import pytest

from tests.clients.message_servers import MESSAGE_SERVERS, RunningServer
from tests.support.manage_process import run_manage
from tests.support.pushed_host import PushedHost

ARTICLE = {
    "Title": "今日 <&>",
    "Description": "d",
    "PicUrl": "https://img.example.com/p.jpg",
    "Url": "https://shop.example.com/a?b=1&c=2",
}
TEXT = {"MsgType": "text", "Content": "你好 <b>&amp;"}
NEWS = {"MsgType": "text", "Content": "news"}
CLICK = {"MsgType": "event", "Event": "CLICK", "EventKey": "menu_1"}
VIEW = {"MsgType": "event", "Event": "VIEW", "EventKey": "https://a.example.com/"}


class Account:
    """The sandbox's service account: its console, and its users' messages."""

    def __init__(self, host):
        self._host = host
        self.before = host.app("service")
        self.appid = self.before["appid"]

    def enter(self, **fields):
        """Change what stands in the console."""
        self._host.sandbox("POST", "/_sandbox/apps", {"appid": self.appid, **fields})

    def push(self, mode, form, **message):
        """Send a message; return what the user gets, None for nothing."""
        what = {"appid": self.appid, "message": message, "mode": mode, "format": form}
        done = self._host.sandbox("POST", "/_sandbox/push", what)
        assert done["error"] is None, done
        return done["reply"]

    def check(self):
        """Let WeChat check the URL, as when the console is saved."""
        what = {"appid": self.appid, "message": {}, "mode": "verify"}
        return self._host.sandbox("POST", "/_sandbox/push", what)["error"]

    def replies(self, mode, form):
        """Return what the user gets to each kind of message."""
        sent = (TEXT, NEWS, CLICK, VIEW)
        return [self.push(mode, form, **each) for each in sent]


@pytest.fixture
def account(host):
    made = Account(host)
    yield made
    names = ("token", "encoding_aes_key", "callback_url")
    made.enter(**{name: made.before[name] for name in names})


@pytest.fixture
def pushed(host, account, tmp_path, redis_server):
    folder = tmp_path / "gateway"
    folder.mkdir()
    return PushedHost(folder, redis_server.url, host)


@pytest.fixture
def manage(pushed, tmp_path):
    """Run manage.py with the settings of the host; return what it prints as JSON."""

    def run(*words, typed=""):
        done = run_manage(tmp_path, *words, "--json", typed=typed, **pushed.environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def push_secrets():
    """Return a new token and AES key, of which nobody knows anything yet."""
    aes_key = secrets.token_hex(21) + "A"
    return {"token": secrets.token_hex(8), "encoding_aes_key": aes_key}


def without_time(replies):
    return [
        each and {name: each[name] for name in each if name != "CreateTime"}
        for each in replies
    ]


def said(reply):
    return reply["MsgType"], reply["Content"]


def check_replies(replies):
    """Compare the replies with those that every server gives."""
    text, news, click, view = replies
    assert ("text", f"you said {TEXT['Content']}") == said(text)
    assert ("news", "1") == (news["MsgType"], str(news["ArticleCount"]))
    (article,) = _items(news)
    assert ARTICLE == article
    assert ("text", "you chose menu_1") == said(click)
    assert view is None


def _items(news):
    items = news["Articles"]["item"]
    return items if isinstance(items, list) else [items]


@pytest.mark.parametrize("mode", ["safe", "plain"])
@pytest.mark.parametrize(
    "server", [pytest.param(each, id=each.name) for each in MESSAGE_SERVERS]
)
def test_a_message_server_moves_behind_the_gateway(
    server, mode, account, pushed, manage, tmp_path
):
    """With its token and key, in each format that it reads; and nothing is lost."""
    present = push_secrets()
    token, aes_key = present.values()
    forms = getattr(server, mode)
    given = {
        "appid": account.appid,
        "token": token,
        "aes_key": aes_key if mode == "safe" else "",
    }
    with RunningServer(server, tmp_path, **given) as running:
        # As it is today: WeChat's console has the server's own URL.
        account.enter(callback_url=running.url, **present)
        assert account.check() is None
        today = account.replies(mode, "xml")
        check_replies(today)

        manage("client", "add", "Bot")
        words = ["--client", "bot", "--url", running.url, "--reply", "--token-stdin"]
        typed = f"{token}\n{aes_key}\n" if mode == "safe" else f"{token}\n"
        words += ["--aes-key"] if mode == "safe" else ["--plain"]
        route = manage("push", "route", "add", account.appid, *words, typed=typed)
        tried = manage("push", "test", account.appid, route["id"], "--text", "hello")
        assert "you said hello" == tried["reply"]["Content"]

        new = push_secrets()
        words = ("--push", "--secret-stdin")
        typed = f"{new['token']}\n{new['encoding_aes_key']}\n"
        manage("app", "update", account.appid, *words, typed=typed)
        cleared = [f"previous_{name}" for name in new]
        cleared += ["encoding_aes_key"] if mode == "plain" else []
        manage("app", "update", account.appid, "--clear", *cleared)
        with pushed.start() as gateway:
            account.enter(callback_url=gateway.url + pushed.path, **new)
            assert account.check() is None
            for form in forms:
                replies = account.replies(mode, form)
                check_replies(replies)
                if form == "xml":
                    assert without_time(today) == without_time(replies)
            assert "not delivered" not in gateway.log()

        listed = manage("push", "list", account.appid)["pushes"]
        assert [{route["id"]: "done"}] * 4 * len(forms) == [
            each["deliveries"] for each in listed
        ]
        assert running.process.poll() is None
