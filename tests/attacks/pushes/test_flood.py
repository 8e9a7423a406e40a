"""A flood of pushes for one app: no other app waits for it, and no token is lost.

Its own service hangs, its budget is used up, and strangers forge pushes as well.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from itertools import count

import pytest

from tests.attacks.pushes.pushed import (
    ONE,
    OTHER,
    pushed_host,
    request_for,
    status_of,
)
from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, get
from tests.support.local_hosts import eventually
from tests.support.message_service import message_service, route_to
from tests.support.pushes import text

HANGING, FORGING = 120, 4
"""Senders at once: more than the asks of a process, and some of forged pushes."""

ASKS_OF_ONE, ASKS_OF_DELIVER = 32, 8
TIMES = 21
TOKEN = f"/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret="
LARGE = "a" * 20_000
MORE = 15
"""Times longer that a request may take; one that waited for the flood's took 1000."""

numbers = count(1)


@pytest.fixture
def services():
    """The flooded app's service, which hangs until it is released, and another's."""
    release = threading.Event()
    with message_service(appid=ONE) as hangs, message_service(appid=OTHER) as answers:
        hangs.answer = lambda message: release.wait(60) and None
        answers.answer = lambda message: f"you said {message.content}"
        yield hangs, answers
        release.set()


@pytest.fixture
def host(tmp_path, redis_server, services):
    hangs, answers = services
    routes = {
        ONE: [route_to(hangs, "bot", reply=True)],
        OTHER: [route_to(answers, "bot", reply=True)],
    }
    limits = {"PUSH_MB_PER_APP": "4"}
    with pushed_host(tmp_path, redis_server.url, routes=routes, **limits) as running:
        running.begin()
        yield running


def medians(host):
    """Return the median seconds of a reply, of an API call and of a token."""

    def reply():
        request = request_for(text(next(numbers)), appid=OTHER)
        answer = host.ask(request)
        assert 200 == status_of(answer)
        assert b"<Encrypt>" in answer

    def call():
        target = f"/cgi-bin/user/get?access_token={host.token}"
        assert b'"errcode":0' in host.ask(get(target).encode())

    def token():
        answer = host.ask(get(TOKEN + CLIENT_SECRET).encode())
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]

    found = []
    for work in (reply, call, token):
        took = []
        for _ in range(TIMES):
            began = time.monotonic()
            work()
            took.append(time.monotonic() - began)
        found.append(sorted(took)[TIMES // 2])
    return found


@contextmanager
def flood(host):
    """Send pushes for one app meanwhile; give the statuses of what it was answered."""
    ends, told = threading.Event(), {"own": [], "forged": []}

    def send(kind, pause, **more):
        while not ends.is_set():
            message = text(next(numbers), content=LARGE)
            told[kind].append(status_of(host.ask(request_for(message, **more))))
            ends.wait(pause)

    own = {"args": ("own", 1.0)}
    threads = [threading.Thread(target=send, **own) for _ in range(HANGING)]
    forged = {"args": ("forged", 0.05), "kwargs": {"token": "wrong"}}
    threads += [threading.Thread(target=send, **forged) for _ in range(FORGING)]
    for each in threads:
        each.daemon = True
        each.start()
    try:
        yield told
    finally:
        ends.set()
        for each in threads:
            each.join(20)


@pytest.mark.case(183)
def test_a_flood_for_one_app(host, services):
    """It has a share of the asks and of Redis; all else goes on beside it."""
    hangs, answers = services
    medians(host)
    quiet = medians(host)
    fetched = tokens_fetched(host)
    with flood(host) as told:
        eventually(lambda: 503 in told["own"])
        busy = medians(host)

    assert {200, 503} == set(told["own"])
    assert {403} == set(told["forged"])
    for before, during in zip(quiet, busy, strict=True):
        assert during < MORE * before + 0.1
    assert fetched == tokens_fetched(host)
    assert len(hangs.messages) <= ASKS_OF_ONE + ASKS_OF_DELIVER
    assert 3 * TIMES == len(answers.messages)
    host.check_well()


def tokens_fetched(host):
    """Return how often WeChat was asked for a token."""
    return sum("token" in each.split("?")[0] for each in host.reached())
