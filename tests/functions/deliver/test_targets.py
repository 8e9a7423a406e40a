"""Copies to services that are dead, slow or hostile, beside those that live."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from functions.deliver.index import deliver
from runtime.gateway import Gateway
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import matching
from tests.support.message_service import message_service, route_to
from tests.support.pushes import AES_KEY, TOKEN, text
from tests.support.scripted_wechat import SERVICE, change
from tests.support.waited import let_pass


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def relaying(gateway, settings, clock):
    """A gateway that may call services of this machine, with room for many pushes."""
    made = replace(settings, push_private_networks=("127.0.0.0/8",), push_mb_per_app=64)
    return Gateway(made, clock=clock, transport=gateway.transport)


@pytest.fixture
def services():
    """Return this many services that listen."""
    with ExitStack() as stack:
        yield lambda number: [
            stack.enter_context(message_service()) for _ in range(number)
        ]


@pytest.fixture
def routed(relaying):
    """Let the account have these routes."""

    def run(*routes):
        change(
            relaying,
            "apps",
            SERVICE,
            **{"token": TOKEN, "encoding_aes_key": AES_KEY, "routes": list(routes)},
        )

    return run


@pytest.fixture
def store(relaying, redis):
    """Store these texts as pushes."""

    def run(*numbers, only=None):
        routes = relaying.registry.own_app(SERVICE).routes
        if only:
            routes = [each for each in routes if each.id == only]
        for number in numbers:
            message = read_message(text(number).encode())
            made = Received(message, "n", redis.time()[0], "s", b"k")
            relaying.inbox.store(SERVICE, made, matching(routes, message))

    return run


def numbers(service):
    return [each.id for each in service.messages]


def test_copies_come_in_the_order_of_arrival(relaying, services, routed, store):
    """To each target, over one connection."""
    one, two = services(2)
    routed(route_to(one, "one"), route_to(two, "two"))
    store(*range(1, 41))

    assert {"done": 80} == deliver(relaying)
    assert list(range(1, 41)) == numbers(one) == numbers(two)
    assert (1, 1) == (one.connections, two.connections)


@pytest.mark.case(167)
@pytest.mark.parametrize(
    ("answer", "reason", "attempts"),
    [
        (500, "status_500", 3),
        (302, "status_302", 3),
        (b"x" * 50_000_000, "too_large", 1),
        (None, "timeout", 1),
    ],
    ids=["500", "redirect", "50 MB", "hangs"],
)
def test_a_copy_that_is_not_taken_is_tried_again(
    answer, reason, attempts, relaying, services, routed, store, redis
):
    """After a few of them the target is paused; when it is back, all arrive."""
    (service,) = services(1)
    routed(route_to(service, "one"))
    store(*range(1, 6))
    service.answer = (
        (lambda message: time.sleep(5.3)) if answer is None else lambda message: answer
    )
    assert {"failed": attempts} == deliver(relaying)
    journal = relaying.push_journal.newest(SERVICE)
    assert {reason, ""} == {job.reason for each in journal for job in each.jobs}
    assert {} == deliver(relaying)
    service.answer = lambda message: None
    let_pass(redis, 31)

    assert {"done": 5} == deliver(relaying)
    assert {1, 2, 3, 4, 5} == set(numbers(service))


@pytest.mark.case(167)
@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "hangs"])
def test_a_dead_target_delays_nobody(hangs, relaying, services, routed, store):
    """With 10,000 copies in its queue it costs one attempt, and nobody waits for it."""
    dead, *live = services(10)
    live_routes = [route_to(each, f"live{place}") for place, each in enumerate(live)]
    routed(route_to(dead, "dead"), *live_routes)
    store(*range(1, 10_001), only="dead")
    dead.answer = lambda message: time.sleep(30 if hangs else 0) or 503
    store(*range(10_001, 10_021))
    at = {}
    for each in live:
        each.answer = lambda message: at.setdefault(time.monotonic(), None)
    began = time.monotonic()
    told = deliver(relaying, most_seconds=20)

    assert told["done"] == 9 * 20
    assert told["failed"] == len(dead.messages) == (1 if hangs else 3)
    assert max(at) - began < 4.5  # less than the dead one's timeout
    for each in live:
        assert numbers(each) == list(range(10_001, 10_021))


def test_many_dead_targets_leave_room(relaying, services, routed, store, redis):
    """Of eight targets at a time two may be failing ones."""
    *dead, live = services(9)
    routed(*(route_to(each, f"t{place}") for place, each in enumerate([*dead, live])))
    store(1)
    for each in dead:
        each.answer = lambda message: 503
    deliver(relaying)
    let_pass(redis, 11)
    for each in dead:
        each.answer = lambda message: time.sleep(1.5) or 503
    store(2, only="t8")
    at = []
    live.answer = lambda message: at.append(time.monotonic())
    began = time.monotonic()
    deliver(relaying, most_seconds=3)

    assert at[0] - began < 1


def test_a_removed_route_makes_a_dead_letter(relaying, services, routed, store):
    """Nobody gets it, and an operator sees why."""
    (service,) = services(1)
    routed(route_to(service, "one"))
    store(1)
    routed()
    relaying.registry.own_app(SERVICE)

    assert {"dead": 1} == deliver(relaying)
    (letter,) = relaying.dead_letters.list(SERVICE)
    assert "no_route" == letter.reason


def test_a_copy_waits_for_its_client_to_be_enabled(
    relaying, services, routed, store, redis
):
    """A disabled client gets nothing of what was stored before, either."""
    (service,) = services(1)
    routed(route_to(service, "copy"))
    store(1)
    change(relaying, "clients", "demo", disabled=True)
    assert 1 == deliver(relaying)["failed"]
    assert [] == service.messages
    change(relaying, "clients", "demo", disabled=False)
    let_pass(redis, 3600)

    assert 1 == deliver(relaying)["done"]
    assert [1] == [each.id for each in service.messages]
