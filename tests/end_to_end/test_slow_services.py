"""A service that needs 12 seconds replies to its user, whatever account it has.

In real time: the simulated platform hangs up after 5 seconds and repeats, as WeChat
does, and counts what it was not answered.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.push.holds import PER_APP
from tests.support.local_hosts import eventually
from tests.support.message_service import message_service, route_to
from tests.support.pushed_host import PushedHost

SECONDS = 12
"""What a language model needs."""

SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
def platform(host):
    """The simulated platform, with nothing that other tests have left."""
    host.reset()
    yield host
    host.reset()


@pytest.fixture
def pushed(platform, tmp_path, redis_server):
    return PushedHost(tmp_path, redis_server.url, platform)


@pytest.fixture
def model(pushed):
    """The slow service."""
    with message_service(appid=pushed.appid) as made:
        made.answer = lambda message: time.sleep(SECONDS) or f"re: {message.content}"
        yield made


def become_subscription(platform, pushed):
    """Make the account one that may not send customer-service messages."""
    document = pushed.gateway.documents.read("apps", pushed.appid)
    content = {**document.content, "kind": "subscription"}
    pushed.gateway.documents.write(
        "apps", pushed.appid, content, after=document.version
    )
    change = {"appid": pushed.appid, "verified": False}
    platform.sandbox("POST", "/_sandbox/apps", change)


def receive(platform, pushed, running):
    change = {"appid": pushed.appid, "callback_url": running.url + pushed.path}
    platform.sandbox("POST", "/_sandbox/apps", change)


def ask(platform, pushed, content="你好"):
    """Let a user ask something; return what became of the push."""
    message = {"MsgType": "text", "Content": content}
    what = {"appid": pushed.appid, "message": message, "mode": "safe"}
    return platform.sandbox("POST", "/_sandbox/push", {**what, "retries": True})


def replied(platform, pushed):
    """Return the texts that the account has sent as messages."""
    listed = platform.sandbox("GET", f"/_sandbox/messages?appid={pushed.appid}")
    return [(each["kind"], each["content"]["content"]) for each in listed]


def test_a_service_account_by_a_message(platform, pushed, model):
    """WeChat has its `success` within 5 seconds, and nothing is repeated."""
    pushed.route(route_to(model, reply=True))
    with pushed.start() as running:
        receive(platform, pushed, running)
        done = ask(platform, pushed)
        assert (1, "success", None, 0) == (
            done["deliveries"],
            done["body"],
            done["error"],
            done["failures"],
        )
        assert [] == replied(platform, pushed)
        eventually(lambda: replied(platform, pushed))
        assert [("text", "re: 你好")] == replied(platform, pushed)
        assert 1 == len(platform.journal(SEND))
    assert 1 == len(model.messages)


def test_a_subscription_account_by_wechats_repeat(platform, pushed, model):
    """The third delivery carries the reply; the service is asked once."""
    pushed.route(route_to(model, reply=True, hold=14))
    become_subscription(platform, pushed)
    with pushed.start() as running:
        receive(platform, pushed, running)
        done = ask(platform, pushed)
    assert (3, None, 2) == (done["deliveries"], done["error"], done["failures"])
    assert "re: 你好" == done["reply"]["Content"]
    assert (None, 0) == (done["paused_until"], done["pauses"])
    assert [5, 5] == pytest.approx([e["gap"] for e in done["attempts"][1:]], abs=1)
    assert 1 == len(model.messages)
    assert [] == platform.journal(SEND)


def many(platform, pushed, number):
    """Let so many users ask at once; return what became of the pushes."""
    with ThreadPoolExecutor(number) as pool:
        contents = [f"question {each}" for each in range(number)]
        return list(pool.map(lambda each: ask(platform, pushed, each), contents))


@pytest.mark.parametrize("cap", [PER_APP, 40], ids=["the default", "a higher cap"])
def test_the_cap_keeps_an_account_below_a_pause(cap, platform, pushed, model):
    """Of 16 questions ten are held; with all of them WeChat would pause pushes."""
    pushed.route(route_to(model, reply=True, hold=14))
    become_subscription(platform, pushed)
    pushed.environment |= {"PUSH_HOLDS_PER_APP": f"{cap}", "PUSH_HOLDS_IN_ALL": "40"}
    with pushed.start() as running:
        receive(platform, pushed, running)
        found = many(platform, pushed, 16)
    replies = [each for each in found if each["reply"]]
    pauses = max(each["pauses"] for each in found)
    if cap == PER_APP:
        assert (PER_APP, 0) == (len(replies), pauses)
        assert max(each["failures"] for each in found) <= 2 * PER_APP
        assert {None} == {each["error"] for each in found}
    else:
        assert 1 <= pauses
    assert len(model.messages) == 16
