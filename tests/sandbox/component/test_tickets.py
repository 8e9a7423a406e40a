"""Tickets of a component: pushed by the clock, good for hours, stopped by failures."""

import asyncio
import time
from dataclasses import replace

import pytest

from sandbox.__main__ import push_tickets
from sandbox.clock import Clock
from sandbox.component.verify_tickets import FAILURES
from sandbox.ids import Ids
from sandbox.world import World

TEN_MINUTES, TWELVE_HOURS = 600, 12 * 3600
DEAD = "http://127.0.0.1:9/"


def advance(sandbox, seconds):
    sandbox.control("clock", advance=seconds)


def test_a_ticket_comes_every_ten_minutes(sandbox, component):
    """The clock is what counts; several intervals at once bring one ticket."""
    counts = []
    for seconds in (TEN_MINUTES - 30, 30, TEN_MINUTES - 30, 30, 5 * TEN_MINUTES):
        advance(sandbox, seconds)
        counts.append(len(component.callback.deliveries))
    [first, *others] = component.events()

    assert counts == [0, 1, 1, 2, 3]
    assert {
        "AppId",
        "CreateTime",
        "InfoType",
        "ComponentVerifyTicket",
    } == first.keys()
    assert first["InfoType"] == "component_verify_ticket"
    assert first["ComponentVerifyTicket"].startswith("ticket@@@")
    assert first["ComponentVerifyTicket"] not in str(others)


def test_the_process_pushes_without_a_move_of_the_clock(callback):
    """It looks at the clock by itself."""
    machine = {"time": 1_760_000_000.0}
    world = World(Clock(lambda: machine["time"]), Ids(1))
    app = next(one for one in world.apps.values() if one.kind == "component")
    world.add_app(replace(app, callback_url=callback.url))
    machine["time"] += TEN_MINUTES

    async def wait():
        task = asyncio.create_task(push_tickets(world))
        ends = time.monotonic() + 30
        while not callback.deliveries and time.monotonic() < ends:
            await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(wait())

    assert len(callback.deliveries) == 1


def test_an_older_ticket_works_for_twelve_hours(sandbox, component):
    """A newer one does not end it; its own age does, with 61005."""
    ticket = component.act("ticket")["component_verify_ticket"]
    component.act("ticket")
    advance(sandbox, TWELVE_HOURS - 60)
    good = component.fetch(ticket)
    advance(sandbox, 60)

    assert good["expires_in"] == 7200
    assert component.fetch(ticket)["errcode"] == 61005


@pytest.mark.parametrize("answer", [(200, b""), (200, b"success\n"), (500, b"success")])
def test_only_success_takes_a_ticket(component, answer):
    """Anything more or less is a failure."""
    component.callback.answer = lambda delivery: answer
    push = component.act("ticket")["push"]

    assert push["error"]
    assert push["shown"] is None


def test_tickets_stop_after_failures_until_they_are_started(sandbox, component):
    """api_start_push_ticket tells which of both it was."""

    def start():
        fields = {"component_secret": component.secret}
        return component.ask("api_start_push_ticket", **fields)["errmsg"]

    running = start()
    sandbox.control("apps", appid=component.appid, callback_url=DEAD)
    for _ in range(FAILURES):
        advance(sandbox, TEN_MINUTES)
    sandbox.control("apps", appid=component.appid, callback_url=component.callback.url)
    advance(sandbox, TEN_MINUTES)
    stopped = len(component.callback.deliveries)
    started = start()
    advance(sandbox, TEN_MINUTES)

    assert running == "in a normal state"
    assert (0, "ok") == (stopped, started)
    assert len(component.callback.deliveries) == 1


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"component_appid": None}, 41018),
        ({"component_appid": "wx0000000000000000"}, 61011),
        ({"component_appsecret": None}, 41004),
        ({"component_appsecret": "0" * 32}, 40125),
        ({"component_verify_ticket": None}, 61006),
        ({"component_verify_ticket": "ticket@@@other"}, 61006),
    ],
)
def test_what_is_wrong_with_a_token_request_is_named(component, changes, errcode):
    """Secret and ticket must be this component's."""
    ticket = component.act("ticket")["component_verify_ticket"]
    fields = {"component_appsecret": component.secret, **changes}
    fields.setdefault("component_verify_ticket", ticket)

    assert component.ask("api_component_token", **fields)["errcode"] == errcode


def test_a_ticket_of_another_component_is_61006(sandbox, component):
    """Each component has its own."""
    other = sandbox.control("apps", kind="component", callback_url=DEAD)
    order = {"appid": other["appid"], "action": "ticket"}
    ticket = sandbox.control("component", **order)["component_verify_ticket"]

    assert component.fetch(ticket)["errcode"] == 61006


def test_another_address_is_61004(sandbox, component):
    """Both by secret and by token; the text names the address."""
    token = component.token()
    sandbox.control("apps", appid=component.appid, ip_whitelist=["10.0.0.0/8"])
    answers = [
        component.fetch("x"),
        component.ask("api_create_preauthcode", token),
        component.ask("api_start_push_ticket", component_secret=component.secret),
    ]

    assert {61004} == {answer["errcode"] for answer in answers}
    assert "requestIP: 127.0.0.1 rid: " in answers[0]["errmsg"]


def test_a_new_token_retires_the_former(sandbox, component):
    """The former works for five more minutes; after two hours the new one is late."""
    former, new = component.token(), component.token()

    def ask(token):
        return component.ask("api_create_preauthcode", token).get("errcode", 0)

    overlap = ask(former)
    advance(sandbox, 300)
    after = ask(former), ask(new)
    advance(sandbox, 7200)

    assert (0, (40001, 0), 42001) == (overlap, after, ask(new))
