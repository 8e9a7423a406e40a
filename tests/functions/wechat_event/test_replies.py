"""The service that replies: asked once, and its reply is WeChat's answer."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from runtime.gateway import Gateway
from tests.support.local_hosts import eventually
from tests.support.message_service import message_service, next_nonce, route_to
from tests.support.pushes import AES_KEY, INBOX, OPENID, TOKEN, plain, safe, text
from tests.support.scripted_wechat import SERVICE, change

SUCCESS = (200, "success")


@pytest.fixture
def send(push, relaying):
    """Push a text; return what WeChat gets, opened."""

    def run(message=None, **more):
        made = safe(message or text(), nonce=next_nonce())
        status, answer = push(made, by=relaying, **more)
        return status, opened(answer)

    return run


def opened(answer):
    """Return the text of a sealed answer, as WeChat reads it."""
    if answer == "success":
        return answer
    crypto = WeChatCrypto(TOKEN, AES_KEY, SERVICE)
    outer = xmltodict.parse(answer)["xml"]
    message = crypto.decrypt_message(
        answer, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
    )
    return parse_message(message).content


def jobs(redis):
    found = redis.hgetall(f"{INBOX}:jobs").values()
    return [json.loads(each) for each in found if each.startswith(b"{")]


def states(redis):
    """Return the states of all jobs."""
    return [job["s"] for job in jobs(redis)]


def reasons(redis):
    """Return why jobs have failed."""
    return [job["y"] for job in jobs(redis) if "y" in job]


@pytest.mark.parametrize("in_thread", [False, True], ids=["here", "in a thread"])
def test_a_reply_goes_to_wechat(in_thread, request, replies, send, service, redis):
    """And a service that says nothing, or `success`, leaves the user without one."""
    if in_thread:
        request.getfixturevalue("in_threads")
    replies()
    service.answer = lambda message: f"you said {message.content}"
    assert (200, "you said 你好") == send(text(1, content="你好"))
    for number, answer in enumerate((None, b"", b" success\n"), start=2):
        service.answer = lambda message, answer=answer: answer
        assert SUCCESS == send(text(number))

    assert 4 == len(service.messages)
    eventually(lambda: states(redis) == ["done"] * 4)
    assert 0 == redis.zcard(f"{INBOX}:asked")


def test_a_plain_account_gets_a_plain_reply(settle, push, relaying, service):
    """The route is encrypted all the same."""
    settle(encoding_aes_key="", routes=[route_to(service, reply=True)])
    service.answer = lambda message: "hello"
    _, answer = push(plain(text()), by=relaying)

    assert "hello" == parse_message(answer).content
    assert OPENID == parse_message(answer).target


def test_kept_alive_connections(replies, send, service):
    """Many pushes take one connection."""
    replies()
    for number in range(10):
        send(text(number))

    assert 1 == service.connections


def test_an_equal_push_waits_for_the_first_ones_answer(
    in_threads, replies, push, service
):
    """The service is asked once, and both get the same, each sealed by itself."""
    replies()
    service.answer = lambda message: time.sleep(0.6) or "slow"
    with ThreadPoolExecutor(3) as pool:
        made = [safe(text(), nonce=str(number)) for number in range(3)]
        found = pool.map(lambda each: push(each, by=in_threads)[1], made)
        answers = list(found)
    answers.append(push(safe(text(), nonce="later"), by=in_threads)[1])

    assert {"slow"} == set(map(opened, answers))
    assert 4 == len(set(answers))
    assert 1 == len(service.messages)


def test_an_equal_push_comes_before_the_reply_is_reported(
    in_threads, replies, push, service, redis, monkeypatch
):
    """WeChat has the reply; the repeat waits for the report, and gets the same."""
    replies()
    service.answer = lambda message: "quick"
    reported, finish = threading.Event(), in_threads.deliveries.finish_as
    monkeypatch.setattr(
        in_threads.deliveries,
        "finish_as",
        lambda *all_, **named: reported.wait(10) and finish(*all_, **named),
    )
    began = time.monotonic()
    assert "quick" == opened(push(safe(text()), by=in_threads)[1])
    assert time.monotonic() - began < 3  # not at the end of reply_within
    assert ["asked"] == states(redis)
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(push, safe(text(), nonce="again"), by=in_threads)
        time.sleep(0.3)
        assert not again.done()
        reported.set()
        assert "quick" == opened(again.result(10)[1])

    assert 1 == len(service.messages)
    assert ["done"] == states(redis)


def test_wechat_gets_success_in_time(in_threads, replies, push, service, redis):
    """The service goes on, and what it says later is stored as its answer."""
    replies(reply_within=0.3, late_reply="off")
    free = threading.Event()
    service.answer = lambda message: free.wait(10) and "late"
    began = time.monotonic()
    assert SUCCESS == push(safe(text()), by=in_threads)
    assert 0.25 < time.monotonic() - began < 3
    assert ["asked"] == states(redis)
    free.set()
    eventually(lambda: states(redis) == ["done"])

    again = push(safe(text(), nonce="again"), by=in_threads)[1]
    assert "late" == opened(again)
    assert 1 == len(service.messages)


def test_without_threads_a_slow_service_is_cut_off(replies, send, service, redis):
    """As on Function Compute, where nothing goes on after the answer."""
    replies(reply_within=0.3)
    service.answer = lambda message: time.sleep(1)
    assert SUCCESS == send()
    assert ["dead"] == states(redis)
    assert ["timeout"] == reasons(redis)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(500, "status_500"), (302, "status_302"), (b"x" * 50_000_000, "too_large")],
    ids=["500", "redirect", "50 MB"],
)
def test_a_service_that_was_asked_is_not_asked_again(
    answer, reason, replies, send, service, redis, relaying
):
    """It may have worked on the push: a dead letter, which an operator can replay."""
    replies()
    service.answer = lambda message: answer
    assert SUCCESS == send()
    assert SUCCESS == send()

    assert 1 == len(service.messages)
    assert ["dead"] == states(redis)
    assert [reason] == reasons(redis)
    assert relaying.deliveries.due().targets == []


def test_a_service_that_was_not_reached_is_asked_later(replies, send, settle, redis):
    """Nothing was sent, so a second try doubles nothing."""
    with message_service() as gone:
        pass
    settle(routes=[route_to(gone, reply=True)])
    assert SUCCESS == send()

    assert ["due"] == states(redis)
    assert ["unreachable"] == reasons(redis)


def test_a_reply_to_somebody_else_is_dropped(replies, send, service, redis, caplog):
    """The user gets none, and operators see why."""
    replies()
    other = (
        "<xml><ToUserName>someone</ToUserName><FromUserName>gh_1</FromUserName>"
        "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content></xml>"
    )
    service.answer = lambda message: other.encode()
    assert SUCCESS == send()

    assert "reply dropped, addressee" in caplog.text
    assert OPENID not in caplog.text
    assert ["done"] == states(redis)


def test_one_slow_service_has_a_share_of_the_asks(
    in_threads, threads, replies, push, service
):
    """Beyond it WeChat gets `success` at once, and the push is delivered later."""
    replies(reply_within=1.5)
    threads.allow(4)
    free = threading.Event()
    service.answer = lambda message: free.wait(10) and None
    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        made = [safe(text(number), nonce=next_nonce()) for number in range(6)]
        took = list(pool.map(lambda each: timed(push, each, in_threads), made))
    free.set()

    assert 4 == sum(each < 1 for each in took)
    assert time.monotonic() - began < 5
    assert [f"{SERVICE}/r1"] == in_threads.deliveries.due().targets


def timed(push, made, gateway):
    began = time.monotonic()
    assert SUCCESS == push(made, by=gateway)
    return time.monotonic() - began


def test_a_disabled_client_gets_nothing(replies, send, service, redis, relaying):
    """Its route is as if it were not there, until the client is enabled again."""
    replies()
    service.answer = lambda message: "hi"
    change(relaying, "clients", "demo", disabled=True)
    assert SUCCESS == send(text(1))
    assert ([], []) == (service.messages, jobs(redis))
    change(relaying, "clients", "demo", disabled=False)

    assert (200, "hi") == send(text(2))


def test_a_text_may_be_longer_by_a_setting(replies, push, service, relaying, settings):
    """WeChat does not publish its limit, so what is longer is dropped by default."""
    replies()
    service.answer = lambda message: "a" * 2049
    assert SUCCESS == push(safe(text(1)), by=relaying)
    private = ("127.0.0.0/8",)
    longer = replace(settings, push_text_bytes=3000, push_private_networks=private)
    made = Gateway(longer, clock=relaying.clock, transport=relaying.transport)
    answer = push(safe(text(2)), by=made)[1]
    assert "a" * 2049 == opened(answer)
