"""Held requests on a real Redis: their caps, and when they end by themselves."""

from __future__ import annotations

import pytest

from runtime.push.holds import (
    BUSY,
    GAP_MS,
    IN_ALL,
    MINUTE_MS,
    MISSED,
    OFF_MS,
    PER_APP,
    HoldLimits,
    Holds,
    holds_for,
)
from runtime.registry.authorizers import Authorizer
from runtime.registry.models import App
from runtime.registry.routes import Route
from runtime.state.redis_store import RedisStore
from tests.support.pushes import INBOX

APP, OTHER, THIRD = ("wx" + letter * 16 for letter in "abc")


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def holds(redis):
    return Holds(RedisStore(lambda: redis))


def take(holds, number, *, app=APP):
    """Hold so many pushes of an app; return what came of each."""
    return [holds.take(app, f"{app}/{each}/r1", seconds=10) for each in range(number)]


def let_pass(redis, ms, *, app=APP):
    """Let so much time pass for what stands in Redis."""
    for key in (f"{INBOX}:held", f"{INBOX}:held:{app}"):
        for member, at in redis.zrange(key, 0, -1, withscores=True):
            redis.zadd(key, {member: at - ms})
    for key in redis.scan_iter(f"{INBOX}:hold*"):
        if redis.type(key) == b"hash":
            for name in ("w", "last", "held", "off", "until"):
                if at := redis.hget(key, name):
                    redis.hset(key, name, int(float(at)) - ms)


def test_at_most_so_many_a_minute_and_account(holds, redis):
    assert ["held"] * PER_APP + ["full"] * 3 == take(holds, PER_APP + 3)
    assert ["held"] == take(holds, 1, app=OTHER)
    let_pass(redis, MINUTE_MS)
    assert "held" == holds.take(APP, f"{APP}/new/r1", seconds=10)


def test_a_window_slides(holds, redis):
    """Not twice as many around the turn of a minute."""
    take(holds, PER_APP // 2)
    let_pass(redis, MINUTE_MS // 2)
    rest = [holds.take(APP, f"{APP}/x{n}/r1", seconds=10) for n in range(PER_APP)]
    assert ["held"] * (PER_APP - PER_APP // 2) == [e for e in rest if e == "held"]


def test_at_most_so_many_in_all(holds):
    found = [*take(holds, PER_APP), *take(holds, PER_APP, app=OTHER)]
    assert ["held"] * IN_ALL == found
    assert ["full"] == take(holds, 1, app=THIRD)


def test_the_limits_are_settings(redis):
    store = RedisStore(lambda: redis)
    few = Holds(store, HoldLimits(per_app=1, in_all=2))
    assert ["held", "full"] == take(few, 2)


def test_an_attempt_that_runs_twice_holds_once(holds):
    assert ["held"] * 2 == [holds.take(APP, "job", seconds=10) for _ in range(2)]
    assert ["held"] * (PER_APP - 1) + ["full"] == take(holds, PER_APP)


def test_a_repeat_waits_as_long_as_the_first_request(holds, redis):
    assert holds.repeat("job") == 0
    holds.take(APP, "job", seconds=10)
    assert 9 < holds.repeat("job") <= 10
    let_pass(redis, 12_000)
    assert holds.repeat("job") == 0


def test_no_repeat_ends_the_holds_for_an_hour(holds, redis, caplog):
    """WeChat has paused the account, or does not repeat its messages."""
    for number in range(MISSED):
        job = f"{APP}/{number}/r1"
        assert "held" == holds.take(APP, job, seconds=10)
        holds.check_repeats(APP, job)
    assert "no pushes are held for an hour, not_repeated" in caplog.text
    assert "off" == holds.take(APP, "another", seconds=10)
    assert ["held"] == take(holds, 1, app=OTHER)
    let_pass(redis, OFF_MS)
    assert "held" == holds.take(APP, "another", seconds=10)


def test_a_repeat_forgets_the_missed_ones(holds):
    for number in range(3 * MISSED):
        job = f"{APP}/{number}/r1"
        holds.take(APP, job, seconds=10)
        if number % MISSED:
            holds.repeat(job)
        holds.check_repeats(APP, job)
    assert "held" == holds.take(APP, "another", seconds=10)


def test_a_gap_ends_the_holds_of_a_busy_account(holds, redis, caplog):
    """WeChat's pause is a minute without pushes."""
    for _ in range(BUSY):
        holds.note(APP)
    holds.take(APP, "job", seconds=10)
    let_pass(redis, GAP_MS + 1000)
    holds.note(APP)
    assert "for an hour, gap" in caplog.text
    assert "off" == holds.take(APP, "another", seconds=10)


@pytest.mark.parametrize(
    ("pushes", "held", "gap"),
    [
        (BUSY - 5, True, GAP_MS + 1000),
        (BUSY, False, GAP_MS + 1000),
        (BUSY, True, GAP_MS - 5000),
        (BUSY, True, 3_600_000),
    ],
    ids=["a quiet account", "nothing was held", "a short gap", "the night"],
)
def test_a_gap_that_says_nothing(pushes, held, gap, holds, redis):
    for _ in range(pushes):
        holds.note(APP)
    if held:
        holds.take(APP, "job", seconds=10)
    let_pass(redis, gap)
    holds.note(APP)
    assert "held" == holds.take(APP, "another", seconds=10)


def test_nothing_stays_in_redis_for_ever(holds, redis):
    holds.note(APP)
    take(holds, 2)
    keys = list(redis.scan_iter(f"{INBOX}:h*"))
    assert 5 == len(keys)
    assert all(redis.ttl(key) > 0 for key in keys)


@pytest.mark.parametrize(
    ("kind", "route", "expected"),
    [
        ("subscription", {}, 14),
        ("subscription", {"late_reply": "off"}, 14),
        ("subscription", {"late_reply": "customer_service"}, 0),
        ("service", {}, 0),
        ("miniprogram", {}, 0),
    ],
)
def test_which_accounts_hold(kind, route, expected):
    """Those that may not send customer-service messages."""
    app = App(APP, kind, "secret")
    made = Route("r1", "demo", "https://demo.example.com/", hold=14, **route)
    assert expected == holds_for(made, app)


def test_an_account_of_an_open_platform_does_not():
    authorizer = Authorizer(OTHER, APP, "subscription")
    app = App(APP, "subscription", authorizers=(authorizer,))
    made = Route("r1", "demo", "https://demo.example.com/", hold=14)
    assert 0 == holds_for(made, app)
