"""The verbs of stored pushes, on a real Redis: what is shown, and what they change."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from runtime.gateway import Gateway
from runtime.operations.push_reasons import delivery
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.verbs import operation
from runtime.push.deliveries import NO_APP
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import matching
from runtime.registry.schema import InvalidDocument
from tests.support.documentation import ROOT, names, rows, section
from tests.support.pushes import OPENID, event, text
from tests.support.scripted_wechat import SERVICE

SECRET_WORDS = "nobody else reads this"


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def routes(do, orders, gateway):
    """A route that replies and one for copies, whose ids are returned."""
    do("app update", appid=SERVICE, token="pushToken")
    return [
        do("push route-add", appid=SERVICE, client="orders", url=url, **more)["id"]
        for url, more in (
            ("https://1.2.3.4/bot", {"reply": True}),
            ("https://1.2.3.4/copy", {"match": {"msg_type": ["text"]}}),
        )
    ]


@pytest.fixture
def store(gateway, routes, redis):
    """Store a push as wechat_event does; return its id."""

    def run(message=None, number=1):
        body = (message or text(number, content=SECRET_WORDS)).encode()
        received = Received(read_message(body), "n", redis.time()[0], "s", b"k")
        app = gateway.registry.app(SERVICE)
        return gateway.inbox.store(
            SERVICE, received, matching(app.routes, received.message)
        ).entry

    return run


@pytest.fixture
def kill(gateway):
    """Let all that is due for a route become dead letters."""

    def run(route, reason="status_500"):
        deliveries = gateway.deliveries
        while claim := deliveries.claim(f"{SERVICE}/{route}"):
            for job in claim.jobs:
                deliveries.fail(claim, job, reason, ends=True)
            deliveries.release(claim)

    return run


def test_a_list(do, store, routes):
    """The newest first: time, type, size and states; nothing that a user wrote."""
    bot, copy = routes
    first, second = store(), store(event("subscribe"), 2)
    answer = do("push list", appid=SERVICE)

    assert (False, 0) == (answer["paused"], answer["dead_letters"])
    newest, oldest = answer["pushes"]
    assert (second, first) == (newest["push"], oldest["push"])
    assert ("event subscribe", "text") == (newest["type"], oldest["type"])
    assert {bot: "due", copy: "due"} == oldest["deliveries"]
    assert {bot: "due"} == newest["deliveries"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", oldest["time"])
    assert oldest["bytes"] > 500
    assert SECRET_WORDS not in json.dumps(answer)
    assert OPENID not in json.dumps(answer)


def test_pages_of_a_list(do, store):
    """`before` goes on where the last one ended."""
    ids = [store(number=number) for number in range(3)][::-1]
    first = do("push list", appid=SERVICE, most=2)["pushes"]
    rest = do("push list", appid=SERVICE, before=first[-1]["push"])["pushes"]

    assert ids == [each["push"] for each in [*first, *rest]]


def test_one_push(do, store, routes, gateway, kill):
    """Its deliveries with reasons; the message where it is asked for."""
    bot, copy = routes
    entry = store()
    claim = gateway.deliveries.claim(f"{SERVICE}/{bot}")
    gateway.deliveries.finish(claim, claim.jobs[0], answer="<xml>an answer</xml>")
    kill(copy)
    shown = do("push show", appid=SERVICE, push=entry)

    replied, copied = shown["deliveries"]
    assert ("done", "") == (replied["state"], replied["reason"])
    assert ("dead", "status_500", 1) == (
        copied["state"],
        copied["reason"],
        copied["attempts"],
    )
    assert "200" in copied["meaning"]
    assert f"{entry}/{copy}" == copied["job"]
    for word in (SECRET_WORDS, OPENID, "an answer"):
        assert word not in json.dumps(shown)

    shown = do("push show", appid=SERVICE, push=entry, content=True)
    assert OPENID == shown["openid"]
    assert SECRET_WORDS in shown["message"]
    assert "<xml>an answer</xml>" == shown["deliveries"][0]["answer"]


def test_a_push_that_nobody_can_open(do, store, settings, gateway):
    """It is listed all the same."""
    from dataclasses import replace

    entry = store()
    other = Gateway(replace(settings, master_keys={9: b"x" * 32}))
    other.registry = gateway.registry
    (row,) = do("push list", on=other, appid=SERVICE)["pushes"]

    assert (entry, "cannot be opened") == (row["push"], row["type"])
    shown = do("push show", on=other, appid=SERVICE, push=entry, content=True)
    assert "message" not in shown


def test_an_unknown_push(do, routes):
    """The sentence says which verb lists those that there are."""
    with pytest.raises(UnknownDocument, match=f"or it has ended: push list {SERVICE}"):
        do("push show", appid=SERVICE, push="1-0")


def test_dead_letters(do, store, routes, kill):
    """Each with its reason and what that means."""
    bot, copy = routes
    entry = store()
    kill(bot, "timeout")
    kill(copy, "no_route")
    answer = do("push list", appid=SERVICE, dead=True)

    assert 2 == answer["dead_letters"]
    rows = {row["job"]: row for row in answer["dead"]}
    assert set(rows) == {f"{entry}/{bot}", f"{entry}/{copy}"}
    row = rows[f"{entry}/{bot}"]
    assert ("ask", "timeout", 1) == (row["kind"], row["reason"], row["attempts"])
    assert "no answer in time" == row["meaning"]
    assert "push drop" in rows[f"{entry}/{copy}"]["meaning"]


def test_replay(do, store, routes, kill, gateway):
    """Named ones, or all of a route; each is due from the start."""
    bot, copy = routes
    entries = [store(number=number) for number in range(3)]
    kill(bot)
    kill(copy)
    done = do("push replay", appid=SERVICE, jobs=[f"{entries[0]}/{bot}"])
    assert {"appid": SERVICE, "replayed": 1, "dead_letters": 5} == done
    shown = do("push show", appid=SERVICE, push=entries[0])["deliveries"]
    assert ["due", "dead"] == [each["state"] for each in shown]
    done = do("push replay", appid=SERVICE, all=True, route=copy)
    do("push resume", appid=SERVICE, route=copy)  # it had failed three times in a row

    assert (3, 2) == (done["replayed"], done["dead_letters"])
    claim = gateway.deliveries.claim(f"{SERVICE}/{copy}")
    assert entries == [job.entry for job in claim.jobs]
    assert [0, 0, 0] == [job.attempts for job in claim.jobs]


def test_drop(do, store, routes, kill):
    """A dropped one is gone; what is none is named."""
    bot, _ = routes
    entry = store(event("subscribe"))
    kill(bot)
    job = f"{entry}/{bot}"
    done = do("push drop", appid=SERVICE, jobs=[job, "1-0/none"])

    assert (1, 0, ["1-0/none"]) == (
        done["dropped"],
        done["dead_letters"],
        done["no_dead_letters"],
    )
    with pytest.raises(OperationRefused) as refusal:
        do("push drop", appid=SERVICE, jobs=[job])
    assert refusal.value.message == (
        f"None of these is a dead letter of {SERVICE}: push list {SERVICE} --dead."
    )
    assert 0 == do("push drop", appid=SERVICE, all=True)["dropped"]


def test_jobs_of_no_app(do, gateway):
    """Such as the sign-outs of clients; their app is written as a hyphen."""
    id_ = gateway.deliveries.add("logout/demo", "logout", "payload")
    claim = gateway.deliveries.claim("logout/demo")
    gateway.deliveries.fail(claim, claim.jobs[0], "timeout", ends=True)

    (row,) = do("push list", appid=NO_APP, dead=True)["dead"]
    assert ("logout", "logout/demo") == (row["kind"], row["target"])
    assert id_ == f"{NO_APP}/{row['job']}"
    done = do("push replay", appid=NO_APP, jobs=[row["job"]])
    assert (1, 0) == (done["replayed"], done["dead_letters"])


def test_pause_and_resume_an_app(do, store, gateway):
    """What comes meanwhile is stored, and delivered in its order."""
    store(number=1)
    paused = do("push pause", appid=SERVICE)
    assert paused["paused"]
    assert "push resume" in paused["ends"]
    store(number=2)
    answer = do("push list", appid=SERVICE)
    assert answer["paused"]
    assert 2 == len(answer["pushes"])
    for target in gateway.deliveries.due().targets:
        assert gateway.deliveries.claim(target) is None
    done = do("push resume", appid=SERVICE)

    assert (False, 4) == (done["paused"], done["waited"])
    assert not do("push list", appid=SERVICE)["paused"]
    assert 2 == len(gateway.deliveries.due().targets)


def test_pause_and_resume_a_route(do, store, routes, gateway):
    """The other route goes on."""
    bot, copy = routes
    do("push pause", appid=SERVICE, route=copy)
    store()
    assert [f"{SERVICE}/{bot}"] == gateway.deliveries.due().targets
    done = do("push resume", appid=SERVICE, route=copy)

    assert {"appid": SERVICE, "route": copy, "paused": False} == done
    assert {f"{SERVICE}/{each}" for each in routes} == set(
        gateway.deliveries.due().targets
    )


def test_paused_routes_are_shown(do, store, routes, gateway):
    """By an operator until he ends it, by itself until a time that is told."""
    bot, copy = routes
    assert "paused_routes" not in do("push list", appid=SERVICE)
    store()
    do("push pause", appid=SERVICE, route=bot)
    claim = gateway.deliveries.claim(f"{SERVICE}/{copy}")
    gateway.deliveries.fail(claim, claim.jobs[0], "timeout", stalls=True)
    shown = do("push list", appid=SERVICE)["paused_routes"]

    assert [bot, copy] == list(shown)
    (push,) = do("push list", appid=SERVICE)["pushes"]
    one = do("push show", appid=SERVICE, push=push["push"])
    assert shown == one["paused_routes"]
    assert "until push resume" == shown[bot]
    ends = datetime.fromisoformat(shown[copy].removeprefix("until "))
    assert 0 < ends.timestamp() - gateway.push_store.time() <= 10
    for each in routes:
        do("push resume", appid=SERVICE, route=each)
    assert "paused_routes" not in do("push list", appid=SERVICE)


def test_a_list_of_an_app_that_there_is_not(do, store, routes, gateway):
    """A typing error would list nothing; what a removed app has left is shown."""
    store()
    gateway.push_pauses.pause_app("wx0")
    for more in ({}, {"dead": True}):
        with pytest.raises(UnknownDocument, match="There is no apps/wx0: app list"):
            do("push list", appid="wx0", **more)
    do("app remove", appid=SERVICE)
    assert 1 == len(do("push list", appid=SERVICE)["pushes"])


def test_every_reason_of_the_page_is_explained():
    """Whoever sees a dead letter needs not search for what its reason means."""
    page = ROOT / "docs/pushes.md"
    late = section(page, "Customer-service message").partition("is a dead letter")[2]
    tables = rows(section(page, "Why a push is not delivered")) + rows(late)
    reasons = [each.replace("_N", "_500") for each in names(tables)]

    assert len(reasons) > 15
    assert [each for each in reasons if not delivery(each)] == []


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_there_is_not_is_not_paused(do, routes, verb):
    """A typing error would pause nothing, unseen."""
    with pytest.raises(UnknownDocument, match="There is no route none1111"):
        do(f"push {verb}", appid=SERVICE, route="none1111")
    with pytest.raises(UnknownDocument, match="There is no apps/wx0: app list"):
        do(f"push {verb}", appid="wx0")


@pytest.mark.parametrize(
    ("verb", "arguments", "field"),
    [
        ("list", {"most": 501}, "most"),
        ("list", {"before": "x"}, "before"),
        ("show", {}, "push"),
        ("show", {"push": "1-0", "content": "yes"}, "content"),
        ("replay", {}, "jobs"),
        ("drop", {"jobs": ["1-0/a"], "all": True}, "jobs"),
        ("drop", {"jobs": ["1-0/a"], "route": "a"}, "route"),
        ("drop", {"jobs": ["../x y"]}, "jobs"),
        ("pause", {"appid": "a/b"}, "appid"),
    ],
)
def test_an_argument_at_fault_is_named(do, routes, verb, arguments, field):
    """Whatever else is right."""
    with pytest.raises(InvalidDocument) as refusal:
        do(f"push {verb}", **{"appid": SERVICE, **arguments})

    assert field == refusal.value.field


def test_which_verbs_are_logged():
    """Those that change something, and the one that may show a message."""
    verbs = ("list", "show", "replay", "drop", "pause", "resume")

    assert [False, True, True, True, True, True] == [
        operation("push", verb).changes for verb in verbs
    ]
