"""Token custody in real processes that are killed and frozen: one expiry, one fetch."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest

from tests.runtime.custody.credential_sources import fields, make_due, make_expired

ASIDE = threading.Event()

LONG_LEASE = 60.0
"""Where nobody dies or is frozen: on a busy machine a process may get no CPU for longer
than its usual lease, and another one then rightly takes over."""


def name_of(appid):
    return f"access_token:{appid}"


def all_get(workers, appids, *, callers=25, use=False):
    """Let all callers of all workers ask at once; return [value, errcode, seconds]."""
    orders = [
        [appids[(number * callers + each) % len(appids)] for each in range(callers)]
        for number in range(len(workers))
    ]
    for worker, order in zip(workers, orders, strict=True):
        worker.send(get=order, use=use)
    return [
        (appid, *result)
        for worker, order in zip(workers, orders, strict=True)
        for appid, result in zip(order, worker.told()["results"], strict=True)
    ]


@pytest.mark.parametrize(
    ("processes", "apps", "rounds"),
    [(8, 1, 50), (16, 1, 20), (8, 100, 20), (16, 100, 10)],
)
def test_one_fetch_per_app_and_expiry(
    redis_server, platform, start, processes, apps, rounds
):
    """In every round; each caller has the newest token, and it is the stored one."""
    appids = platform.reset(apps=apps)
    workers = start(processes, lease=LONG_LEASE)
    for round_ in range(rounds):
        platform.forget()
        platform.slow(seconds=0.05, times=apps)
        if round_:
            platform.advance(7200)
            for appid in appids:
                make_expired(redis_server, name_of(appid))
        got = all_get(workers, appids)

        stored = {
            appid: fields(redis_server, name_of(appid))["value"] for appid in appids
        }
        assert Counter(platform.fetches()) == Counter(appids)
        assert {(appid, value) for appid, value, *_ in got} == set(stored.items())


@pytest.mark.parametrize("mode", ["stable", "plain"])
@pytest.mark.parametrize("step", ["before", "asked", "answered", "committed"])
def test_a_holder_that_is_killed(redis_server, platform, start, step, mode):
    """At each step: every caller gets a valid token, with at most one more fetch."""
    appids = platform.reset(apps=1)
    victim, *others = start(3, mode=mode)
    victim.ask(halt=step)
    victim.send(get=appids)
    assert victim.told() == {"halted": step}
    for worker in others:
        worker.send(get=appids * 10, use=True)
    ASIDE.wait(0.2)
    victim.signal(signal.SIGKILL)
    got = [result for worker in others for result in worker.told()["results"]]

    assert {errcode for _, errcode, _ in got} == {0}
    assert len({value for value, *_ in got}) == 1
    assert len(platform.fetches()) <= 2


@pytest.mark.parametrize("mode", ["stable", "plain"])
@pytest.mark.parametrize("step", ["before", "asked", "answered"])
def test_a_holder_that_is_frozen_past_its_lease(
    redis_server, platform, start, step, mode
):
    """Its late answer overwrites nothing, and no caller sees 40001.

    In plain mode its late fetch retires the stored token at WeChat, which is then
    replaced within the five minutes in which both live.
    """
    appids = platform.reset(apps=1)
    frozen, other = start(2, mode=mode)
    frozen.ask(halt=step)
    frozen.send(get=appids)
    assert frozen.told() == {"halted": step}
    frozen.signal(signal.SIGSTOP)
    first = other.ask(get=appids * 5, use=True)["results"]
    newer = fields(redis_server, name_of(appids[0]))["value"]
    # It goes on where it halted: SIGUSR1 releases it once it is awake.
    frozen.signal(signal.SIGCONT)
    frozen.signal(signal.SIGUSR1)
    late = frozen.told()["results"]
    assert fields(redis_server, name_of(appids[0]))["value"] == newer

    after = [
        each for _ in range(3) for each in other.ask(get=appids, use=True)["results"]
    ]
    platform.advance(301)
    much_later = other.ask(get=appids * 5, use=True)["results"]
    stored = fields(redis_server, name_of(appids[0]))["value"]
    assert {errcode for _, errcode, _ in [*first, *late, *after, *much_later]} == {0}
    assert platform.accepts(stored)


def test_nobody_waits_while_the_old_token_lives(redis_server, platform, start):
    """Only the refresher waits; all others use the old token."""
    appids = platform.reset(apps=1)
    workers = start(4, lease=LONG_LEASE)
    workers[0].ask(get=appids)
    old = fields(redis_server, name_of(appids[0]))["value"]
    platform.advance(7000)
    platform.slow(seconds=3.0, times=1)
    make_due(redis_server, name_of(appids[0]))
    got = all_get(workers, appids, callers=10, use=True)

    slow = [value for _, value, _, seconds in got if seconds > 2.5]
    assert len(slow) <= 1
    assert [value for _, value, *_ in got if value != old] == slow
    assert {errcode for _, _, errcode, _ in got} == {0}


def test_a_thousand_callers_reject_one_token_once(redis_server, platform, start):
    """WeChat has dropped it: one refresh is enough for all."""
    appids = platform.reset(apps=1)
    workers = start(4, lease=LONG_LEASE)
    workers[0].ask(get=appids)
    platform.forget()
    old = fields(redis_server, name_of(appids[0]))["value"]
    platform.ask("POST", "/_sandbox/expire", {"appid": appids[0]})
    for worker in workers:
        worker.send(reject=old, get=appids * 250)
    got = [each for worker in workers for each in worker.told()["results"]]

    assert len(got) == 1000
    assert len({value for value, *_ in got} - {old}) == 1
    assert len(platform.fetches()) == 1
