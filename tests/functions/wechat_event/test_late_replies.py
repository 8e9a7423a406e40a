"""Replies of slow services: by a customer-service message, or by WeChat's repeats."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from functions.deliver.index import deliver
from functions.wechat_event.index import handler
from runtime.push.deliveries import Late
from tests.functions.wechat_event.test_replies import opened, reasons, states
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.local_hosts import eventually
from tests.support.pushes import OPENID, safe, text
from tests.support.scripted_wechat import SERVICE

SEND = "/cgi-bin/message/custom/send"
TOKEN = {"access_token": "a-real-token", "expires_in": 7200}
OK = {"errcode": 0, "errmsg": "ok"}
SUCCESS = "success"


@pytest.fixture
def wechat_sends(wechat):
    """WeChat takes every message."""
    wechat.script("/cgi-bin/stable_token", TOKEN)
    wechat.script(SEND, OK)
    return wechat


def sent(wechat):
    """Return the customer-service messages that WeChat has got."""
    return [json.loads(each.body) for each in wechat.calls(SEND)]


def is_kind(gateway, kind):
    """Make the account one of this kind."""
    document = gateway.documents.read("apps", SERVICE)
    content = {**document.content, "kind": kind}
    gateway.documents.write("apps", SERVICE, content, after=document.version)


def message(content):
    return {"touser": OPENID, "msgtype": "text", "text": {"content": content}}


class Platform:
    """Function Compute or the local host, which starts deliver when it is asked to."""

    def __init__(self, gateway, *, works=True):
        self.gateway = gateway
        self._works = works
        self.started = 0
        self.threads = []

    def start_function(self, name):
        assert name == "deliver"
        self.started += 1
        if self._works is None:
            raise OSError
        if self._works:
            self.threads.append(threading.Thread(target=deliver, args=[self.gateway]))
            self.threads[-1].start()

    def join(self):
        for each in self.threads:
            each.join(30)

    def push(self, made):
        """Push, and return what WeChat gets."""
        context = SimpleNamespace(
            request_id="r", start_function=self.start_function, credentials=None
        )
        query, body = made
        environ = make_environ_fc(
            method="POST",
            path=f"/wechat_event/{SERVICE}",
            query=query,
            body=body,
            context=context,
        )
        status, _, answer = call_wsgi(handler.with_gateway(self.gateway), environ)
        assert status == 200
        return opened(answer.decode())


@pytest.fixture
def on(relaying):
    """Return a platform; deliver of each has ended when the test has."""
    made = []

    def run(gateway=relaying, **more):
        made.append(Platform(gateway, **more))
        return made[-1]

    yield run
    for each in made:
        each.join()


def slowly(service, seconds, answer="late"):
    service.answer = lambda message: time.sleep(seconds) or answer


def late_jobs(redis):
    return [
        each for each in redis.hkeys("gateway:push:{inbox}:jobs") if b"late" in each
    ]


def test_a_late_reply_is_sent(on, in_threads, replies, service, wechat_sends, redis):
    """The service is asked once, and an equal push gets no second reply."""
    replies(reply_within=0.3)
    slowly(service, 1)
    host = on(in_threads)
    assert SUCCESS == host.push(safe(text()))
    eventually(lambda: sent(wechat_sends))
    host.join()
    assert [message("late")] == sent(wechat_sends)
    assert SUCCESS == host.push(safe(text(), nonce="again"))
    assert 1 == len(service.messages)
    assert ["done"] == states(redis)
    assert [] == late_jobs(redis)


def test_a_reply_in_time_is_not_sent(on, in_threads, replies, service, wechat):
    replies()
    slowly(service, 0.1, "at once")
    assert "at once" == on(in_threads).push(safe(text()))
    assert [] == sent(wechat)


@pytest.mark.parametrize("errcode", [45015, 45047, 48001])
def test_a_message_that_wechat_refuses(
    errcode, on, in_threads, replies, service, wechat, redis
):
    """It is a dead letter, and is not sent again."""
    wechat.script("/cgi-bin/stable_token", TOKEN)
    wechat.script(SEND, {"errcode": errcode, "errmsg": "no"})
    replies(reply_within=0.2)
    slowly(service, 0.5)
    host = on(in_threads)
    assert SUCCESS == host.push(safe(text()))
    eventually(lambda: f"errcode_{errcode}" in reasons(redis))
    host.join()
    deliver(in_threads)
    assert 1 == len(sent(wechat))
    assert ["dead", "done"] == sorted(states(redis))


def test_without_late_replies_it_is_lost(on, in_threads, replies, service, wechat):
    replies(reply_within=0.2, late_reply="off")
    slowly(service, 0.5)
    host = on(in_threads)
    assert SUCCESS == host.push(safe(text()))
    time.sleep(0.8)
    assert (0, []) == (host.started, sent(wechat))


def test_a_mini_programs_reply_is_sent_at_once(
    on, in_threads, replies, service, wechat_sends
):
    """It has no passive reply of this type, early or late."""
    replies()
    is_kind(in_threads, "miniprogram")
    service.answer = lambda message: "hello"
    host = on(in_threads)
    assert SUCCESS == host.push(safe(text()))
    eventually(lambda: sent(wechat_sends))
    assert [message("hello")] == sent(wechat_sends)


def test_deliver_asks_where_processes_stand_still(
    on, replies, service, wechat_sends, redis
):
    """As on Function Compute. A reply in time goes to WeChat, and is not sent."""
    replies(reply_within=3)
    slowly(service, 0.4, "in time")
    platform = on()
    assert "in time" == platform.push(safe(text()))
    platform.join()
    assert 1 == platform.started
    deliver(platform.gateway)
    assert [] == sent(wechat_sends)
    assert 1 == len(service.messages)
    assert ["done"] == states(redis)


def test_deliver_sends_what_comes_late(on, replies, service, wechat_sends, redis):
    replies(reply_within=0.3)
    slowly(service, 3)
    platform = on()
    began = time.monotonic()
    assert SUCCESS == platform.push(safe(text()))
    assert time.monotonic() - began < 2.5
    platform.join()
    assert [message("late")] == sent(wechat_sends)
    assert SUCCESS == platform.push(safe(text(), nonce="again"))
    assert 1 == len(service.messages)
    assert ["done"] == states(redis)


def test_a_round_that_ends_sends_what_has_come_late(
    on, relaying, replies, service, wechat_sends
):
    """It takes nothing new, and a minute later it would be too late for the user."""
    replies(reply_within=0.3)
    slowly(service, 1.5)
    platform = on(works=False)
    assert SUCCESS == platform.push(safe(text()))
    deliver(relaying, most_seconds=0.2)
    assert [message("late")] == sent(wechat_sends)


def test_the_request_asks_where_deliver_does_not_start(
    on, replies, service, wechat, redis
):
    """Without the right to start it; a slow service is cut off then."""
    replies(reply_within=0.5)
    slowly(service, 0.1, "by itself")
    assert "by itself" == on(works=None).push(safe(text()))
    assert 1 == len(service.messages)
    assert ["done"] == states(redis)


def test_deliver_is_started_again_if_it_does_not_come(
    on, replies, service, wechat, redis
):
    """It may have looked just before the job was there. What waits is not lost."""
    replies(reply_within=1.5)
    platform = on(works=False)
    assert SUCCESS == platform.push(safe(text()))
    assert 2 == platform.started
    assert ["due"] == states(redis)
    assert [] == service.messages
    deliver(platform.gateway)
    assert 1 == len(service.messages)


def test_nobody_asks_a_second_time(relaying, on, replies, service, wechat, redis):
    """A deliver that has claimed the job leaves it to the request that takes it."""
    replies(reply_within=1)
    platform = on(works=None)
    claims = []

    def claim_first(name):
        (target,) = relaying.deliveries.due().targets
        claims.append(relaying.deliveries.claim(target))
        raise OSError

    platform.start_function = claim_first
    service.answer = lambda message: "mine"
    assert "mine" == platform.push(safe(text()))
    (claim,) = claims
    with pytest.raises(Late):
        relaying.deliveries.mark_asked(claim, claim.jobs[0], seconds=9)
    assert 1 == len(service.messages)
    assert ["done"] == states(redis)


@pytest.fixture
def holding(gateway, replies):
    """A subscription account, whose pushes are held for 4 s."""
    replies(hold=4, reply_within=0.5)
    is_kind(gateway, "subscription")


def repeated(host, *starts):
    """Push a text as WeChat repeats it; return what each request got, and when."""

    def push(at):
        time.sleep(at)
        answer = host.push(safe(text(), nonce=f"n{at}"))
        return answer, time.monotonic() - began

    began = time.monotonic()
    with ThreadPoolExecutor(len(starts)) as pool:
        return list(pool.map(push, starts))


THREE = (0, 0.7, 1.4)
"""When WeChat's requests come."""


@pytest.mark.parametrize("in_thread", [True, False], ids=["in a thread", "here"])
def test_wechats_repeat_carries_the_reply(
    in_thread, request, on, relaying, holding, service, wechat, redis
):
    """The third request waits when it comes; the service was asked once."""
    gateway = request.getfixturevalue("in_threads") if in_thread else relaying
    slowly(service, 2, "held")
    found = repeated(on(gateway), *THREE)
    assert "held" == found[2][0]
    assert found[2][1] > 1.9
    assert 1 == len(service.messages)
    assert [] == sent(wechat)


def test_a_hold_ends(on, in_threads, holding, service):
    """All that wait get `success`, so WeChat has one good answer."""
    slowly(service, 6)
    found = repeated(on(in_threads), *THREE)
    assert [SUCCESS] * 3 == [answer for answer, _ in found]
    assert all(3.9 < at < 6 for _, at in found)


def test_a_quick_reply_is_not_held(on, in_threads, holding, service, redis):
    slowly(service, 0.1, "quick")
    assert "quick" == on(in_threads).push(safe(text()))
    assert not redis.exists("gateway:push:{inbox}:held")


def test_beyond_the_cap_wechat_gets_success(on, in_threads, holding, service):
    """In time, so that it counts no failure."""
    for number in range(10):
        in_threads.holds.take(SERVICE, f"job{number}", seconds=1)
    slowly(service, 3)
    began = time.monotonic()
    assert SUCCESS == on(in_threads).push(safe(text()))
    assert time.monotonic() - began < 2.5


def test_a_service_account_is_not_held(on, in_threads, replies, service, wechat_sends):
    """It has customer-service messages."""
    replies(hold=4, reply_within=0.3)
    slowly(service, 3)
    began = time.monotonic()
    assert SUCCESS == on(in_threads).push(safe(text()))
    assert time.monotonic() - began < 2.5
    eventually(lambda: sent(wechat_sends))
