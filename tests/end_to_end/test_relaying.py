"""Relayed pushes and processes that are killed or frozen, at each step.

Nothing that was acknowledged is lost, and nothing is doubled at the service that
replies: it is asked once, or the push is a dead letter that an operator may replay.
"""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress

import pytest
import urllib3

from tests.support.local_hosts import eventually
from tests.support.message_service import message_service, next_nonce, route_to
from tests.support.pushed_host import PushedHost
from tests.support.pushes import text
from tests.support.relay import Relay
from tests.support.waited import let_pass

ASKED_SECONDS = 80
"""More than the lease of an ask."""

CLAIM_SECONDS = 31
"""More than the lease of a target."""


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def pushed(host, tmp_path, redis_server):
    return PushedHost(tmp_path, redis_server.url, host)


@pytest.fixture
def replier(pushed):
    with message_service(appid=pushed.appid) as made:
        yield made


@pytest.fixture
def copied(pushed):
    with message_service(appid=pushed.appid) as made:
        yield made


@pytest.fixture
def both(pushed, replier, copied):
    """Routes to both services."""
    pushed.route(route_to(replier, "bot", reply=True), route_to(copied, "copy"))


def push(running, pushed, number, **more):
    """Push a text; return WeChat's answer, None if the host is gone."""
    path, body = pushed.signed(text(number, **more), nonce=next_nonce())
    with suppress(urllib3.exceptions.HTTPError):
        answer = running.request("POST", path, body=body, timeout=8)
        return answer.data if answer.status == 200 else None
    return None


def in_background(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@contextmanager
def copies_wait(pushed):
    """Let no copy go out meanwhile, as where deliver cannot be started at once."""
    target = f"{pushed.appid}/copy"
    pushed.gateway.push_pauses.pause_target(target)
    yield
    pushed.gateway.push_pauses.resume_target(target)


def test_replies_and_copies(pushed, both, replier, copied):
    """The whole way: the host asks, and starts deliver for the copies at once."""
    replier.answer = lambda message: f"you said {message.content}"
    with pushed.start() as running:
        for number in range(1, 21):
            assert b"Encrypt" in push(running, pushed, number)
            time.sleep(0.02)
        eventually(lambda: len(copied.messages) == 20, timeout=10)

    assert list(range(1, 21)) == numbers(replier) == numbers(copied)
    assert [] == pushed.gateway.dead_letters.list(pushed.appid)


def test_a_slow_replier_holds_no_copy_up(pushed, both, replier, copied):
    """The copy is there before the reply."""
    replier.answer = lambda message: time.sleep(2) or "late"
    with pushed.start() as running:
        thread = in_background(lambda: push(running, pushed, 1))
        eventually(lambda: copied.messages, timeout=1.5)
        assert thread.is_alive()
        thread.join(10)


def test_killed_after_it_is_stored_and_marked(host, tmp_path, redis_server, redis):
    """Before the first byte to the service: a dead letter, and replayed it is asked."""
    with Relay(redis_server.port) as relay:
        pushed = PushedHost(tmp_path, relay.url, host)
        with message_service(appid=pushed.appid) as replier:
            pushed.route(route_to(replier, "bot", reply=True))
            with pushed.start() as running:
                push(running, pushed, 1)
                relay.seconds = 1.0
                thread = in_background(lambda: push(running, pushed, 2))
                eventually(lambda: len(asked(redis)) == 1)
                running.end(signal.SIGKILL)
                thread.join(20)
                relay.seconds = 0.0
            with pushed.start() as again:
                assert b"success" == push(again, pushed, 2)
            assert [1] == numbers(replier)
            (letter,) = unknown_letters(pushed, redis)
            pushed.gateway.dead_letters.replay(letter.id)
            assert 1 == pushed.delivered()["done"]
            assert [1, 2] == numbers(replier)


def asked(redis):
    return redis.zrange("gateway:push:{inbox}:asked", 0, -1)


def numbers(service):
    """Return the MsgIds that came, in their order."""
    return [each.id for each in service.messages]


def unknown_letters(pushed, redis):
    """Return the dead letters when nobody can report any more."""
    let_pass(redis, ASKED_SECONDS)
    pushed.delivered()
    found = pushed.gateway.dead_letters.list(pushed.appid)
    assert {"unknown"} == {each.reason for each in found}
    return found


@pytest.mark.case(168)
def test_killed_when_the_service_has_answered(pushed, both, replier, copied, redis):
    """WeChat repeats the push, and the service is not asked again."""
    with pushed.start() as running:
        replier.answer = lambda message: running.process.kill() or "hello"
        assert push(running, pushed, 1) is None
    replier.answer = lambda message: "hello"
    with pushed.start() as again:
        assert b"success" == push(again, pushed, 1)
    (letter,) = unknown_letters(pushed, redis)

    assert "bot" == letter.route
    assert [1] == numbers(replier)
    assert {1} == set(numbers(copied))


@pytest.mark.case(168)
def test_killed_before_the_reply_is_reported(host, tmp_path, redis_server, redis):
    """WeChat has the reply; nobody asks again, and an operator sees that it is open."""
    with Relay(redis_server.port) as relay:
        pushed = PushedHost(tmp_path, relay.url, host)
        with message_service(appid=pushed.appid) as replier:
            pushed.route(route_to(replier, "bot", reply=True))
            with pushed.start() as running:
                replier.answer = lambda message: setattr(relay, "is_down", True) or "hi"
                assert b"Encrypt" in push(running, pushed, 1)
                assert 1 == len(asked(redis))
                running.end(signal.SIGKILL)
            relay.is_down = False
            with pushed.start() as again:
                assert b"success" == push(again, pushed, 1)
            (letter,) = unknown_letters(pushed, redis)
            assert "bot" == letter.route
            assert [1] == numbers(replier)


@pytest.mark.case(168)
def test_ended_while_a_service_is_slow(pushed, replier, redis):
    """The host waits for it, so what it says is known, and nothing is open."""
    route = route_to(replier, "bot", reply=True, reply_within=0.3, late_reply="off")
    pushed.route(route)
    replier.answer = lambda message: time.sleep(2) or "slow"
    with pushed.start() as running:
        assert b"success" == push(running, pushed, 1)
        assert 1 == len(asked(redis))
        assert 0 == running.end(signal.SIGTERM)
    assert [] == asked(redis)
    with pushed.start() as again:
        assert b"Encrypt" in push(again, pushed, 1)

    assert [1] == numbers(replier)


def test_redis_frozen_as_the_host_is_killed(
    pushed, both, replier, copied, redis_server, redis
):
    """Whether the script ran or not: nothing was acknowledged, nothing is doubled."""
    with pushed.start() as running:
        push(running, pushed, 1)
        redis_server.freeze()
        thread = in_background(lambda: push(running, pushed, 2))
        time.sleep(0.3)
        running.end(signal.SIGKILL)
        redis_server.thaw()
        thread.join(20)
    with pushed.start() as again:
        assert push(again, pushed, 2) is not None
    let_pass(redis, ASKED_SECONDS)
    pushed.delivered()

    letters = pushed.gateway.dead_letters.list(pushed.appid)
    assert 1 == numbers(replier).count(2) + len(letters)
    assert {1, 2} == set(numbers(copied))


@pytest.mark.case(168)
def test_a_copy_is_sent_again_when_deliver_is_killed(
    pushed, both, copied, replier, redis
):
    """By the next one, after the lease; the ones before it are not sent again."""
    with copies_wait(pushed), pushed.start() as running:
        for number in (1, 2, 3):
            push(running, pushed, number)
    deliver = pushed.deliver()
    copied.answer = lambda message: deliver.kill() if message.id == 2 else None
    deliver.communicate(timeout=30)
    copied.answer = lambda message: None
    assert "done" not in pushed.delivered()  # the target is still leased
    let_pass(redis, CLAIM_SECONDS)
    assert 2 == pushed.delivered()["done"]

    assert [1, 2, 2, 3] == numbers(copied)
    assert [1, 2, 3] == numbers(replier)


def test_a_replier_is_not_asked_again_when_deliver_is_killed(pushed, redis):
    """It was away at first, so deliver asks; then nobody knows what it has done."""
    with message_service(appid=pushed.appid) as away:
        pushed.route(route_to(away, "bot", reply=True))
    port = int(away.url.split(":")[2].partition("/")[0])
    with pushed.start() as running:
        assert b"success" == push(running, pushed, 1)
    let_pass(redis, 11)
    with message_service(port=port, appid=pushed.appid) as back:
        deliver = pushed.deliver()
        back.answer = lambda message: deliver.kill()
        deliver.communicate(timeout=30)
        back.answer = lambda message: None
        (letter,) = unknown_letters(pushed, redis)
        assert "bot" == letter.route
        assert [1] == numbers(back)


@pytest.mark.case(168)
def test_a_frozen_worker_has_lost_its_target(pushed, both, copied, redis):
    """Awake again while another one works, it reports in vain and sends no more."""
    with copies_wait(pushed), pushed.start() as running:
        for number in range(1, 9):
            push(running, pushed, number)
    slow, frozen, awake = pushed.deliver(), threading.Event(), threading.Event()

    def answer(message):
        if message.id != 3:
            return
        if not frozen.is_set():
            slow.send_signal(signal.SIGSTOP)
            frozen.set()
        elif not awake.is_set():
            awake.set()
            slow.send_signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                slow.wait(3)  # less than a copy's timeout

    copied.answer = answer
    assert frozen.wait(30)
    let_pass(redis, CLAIM_SECONDS)

    assert 6 == pushed.delivered()["done"]
    told, _ = slow.communicate(timeout=30)
    assert '"late": 1' in told
    assert [1, 2, 3, 3, 4, 5, 6, 7, 8] == numbers(copied)


def test_redis_away_means_nothing_is_acknowledged(
    pushed, both, replier, copied, redis_server
):
    """And no service is asked about what is not stored."""
    with pushed.start() as running:
        push(running, pushed, 1)
        redis_server.stop()
        assert push(running, pushed, 2) is None
        redis_server.start()
        assert push(running, pushed, 2) is not None

    assert [1, 2] == numbers(replier)


@pytest.mark.case(168)
def test_hosts_that_are_killed_again_and_again(pushed, both, replier, copied, redis):
    """As WeChat does, each push is repeated until it is acknowledged, three times."""
    choose = random.Random(5)  # noqa: S311 - when a process is killed
    numbered = iter(range(1, 10_000))
    acknowledged, lock = set(), threading.Lock()
    replier.answer = lambda message: f"r{message.id}"
    hosts = []

    def pushing(until):
        while time.monotonic() < until:
            with lock:
                number = next(numbered)
            for _ in range(3):
                if push(hosts[-1], pushed, number) is not None:
                    acknowledged.add(number)
                    break
                time.sleep(0.2)

    until = time.monotonic() + 12
    with pushed.start() as first:
        hosts.append(first)
        threads = [in_background(lambda: pushing(until)) for _ in range(4)]
        while time.monotonic() < until - 3:
            time.sleep(choose.uniform(0.3, 1.0))
            hosts[-1].end(signal.SIGKILL)
            hosts.append(pushed.start().wait_until_ready())
            deliver = pushed.deliver()
            time.sleep(choose.uniform(0.3, 1.0))
            deliver.kill()
            deliver.communicate()
        for thread in threads:
            thread.join(60)
        hosts[-1].end(signal.SIGTERM)
    for _ in range(3):
        let_pass(redis, ASKED_SECONDS)
        pushed.delivered()

    letters = pushed.gateway.dead_letters.list(pushed.appid, most=10_000)
    open_ = {
        int(pushed.gateway.inbox.read(pushed.appid, each.entry).get("MsgId"))
        for each in letters
    }
    times = Counter(numbers(replier))
    assert len(acknowledged) > 50
    assert set(times.values()) == {1}
    assert acknowledged <= set(times) | open_
    assert acknowledged <= set(numbers(copied))
