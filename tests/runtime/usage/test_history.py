"""History on a real Redis: what a chart of the last hour and the last day shows."""

from __future__ import annotations

import pytest

from runtime.operations.push_reasons import REFUSALS
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.usage import history as history_module
from runtime.usage.counters import Counters
from runtime.usage.history import (
    CALLS,
    ERRORS,
    OTHER_APPS,
    PUSHES,
    PUSHES_REFUSED,
    RELAYS_FAILED,
    SIGN_INS,
    SIGN_INS_REFUSED,
    History,
    figures_of,
)
from runtime.usage.metrics import CALLS as CALLS_COUNTED
from runtime.usage.metrics import PUSHES as PUSHES_COUNTED
from runtime.usage.metrics import RELAYS, counted
from runtime.usage.metrics import SIGN_INS as SIGN_INS_COUNTED
from tests.support.counted_redis import CountedRedis

MIDNIGHT = 1_800_028_800.0
"""2027-01-16 00:00:00 in China."""


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(MIDNIGHT)


@pytest.fixture
def store(redis_server):
    return RedisStore(lambda: connect(redis_server.url))


@pytest.fixture
def counters(store, clock):
    return Counters(store, clock=clock, patience=5)


def call(counters, app="wx1", errcode=0):
    """Count a call as a proxied one is counted."""
    counters.add(
        "demo",
        app,
        "/cgi-bin/user/info",
        errcode=errcode,
        measures=counted(CALLS_COUNTED, "demo", app, str(errcode)),
    )


def flush(counters, clock):
    clock.now += 2
    counters.add_measures({})


def test_a_call_stands_in_its_minute_and_its_quarter(store, counters, clock):
    """Over midnight and over the full hour, of which each has a hash of its own."""
    for before in (61, 1, -1):
        clock.now = MIDNIGHT - before
        call(counters)
        flush(counters, clock)

    hour = History(store).last_hour(MIDNIGHT + 30).of(CALLS)
    assert [1, 1, 1] == hour[-3:]
    assert 3 == sum(hour)
    day = History(store).last_day(MIDNIGHT + 30).of(CALLS)
    assert [2, 1] == day[-2:]
    assert 3 == sum(day)


def test_what_is_older_is_not_shown(store, counters, clock):
    """A minute leaves the hour after an hour, and stays in the day."""
    call(counters, errcode=40001)
    flush(counters, clock)
    history = History(store)

    assert 1 == history.last_hour(MIDNIGHT + 59 * 60 + 59).total(ERRORS)
    assert 0 == history.last_hour(MIDNIGHT + 60 * 60).total(ERRORS)
    assert 1 == history.last_day(MIDNIGHT + 86400 - 1).total(ERRORS)
    assert 0 == history.last_day(MIDNIGHT + 86400).total(ERRORS)


def test_the_same_minute_of_the_day_before_is_another(store, counters, clock):
    """The hash of the day before still lives, and its last quarters are shown."""
    for _ in range(2):
        call(counters)
        flush(counters, clock)
        clock.now = MIDNIGHT + 86400

    day = History(store).last_day(MIDNIGHT + 86400 + 10)
    assert 1 == day.total(CALLS)


def test_errors_come_first(store, counters, clock):
    """Of apps, those with most errors; of numbers, those of one app or of all."""
    for app, errcode in (("wx1", 0), ("wx1", 0), ("wx2", 45009), ("wx3", 0)):
        call(counters, app, errcode)
    flush(counters, clock)
    hour = History(store).last_hour(clock.now)

    assert ["wx2", "wx1", "wx3"] == hour.apps()
    assert (4, 2, 1) == (
        hour.total(CALLS),
        hour.total(CALLS, "wx1"),
        hour.total(ERRORS, "wx2"),
    )


def test_pushes_and_relays(store, counters, clock):
    """Received is what was stored first; a delivery that was not needed is no fault."""
    for outcome in ("stored", "stored", "equal", "signature", "ticket"):
        counters.add_measures(counted(PUSHES_COUNTED, "wx1", outcome))
        clock.now += 1
    for result in ("done", "failed", "dead", "gone"):
        counters.add_measures(counted(RELAYS, "wx1", "crm", result))
        clock.now += 1
    flush(counters, clock)
    hour = History(store).last_hour(clock.now)

    figures = (PUSHES, PUSHES_REFUSED, RELAYS_FAILED)
    assert (3, 1, 2) == tuple(hour.total(figure) for figure in figures)


def test_a_sign_in_rides_in_another_pipeline(store, counters, clock):
    """Its way does not matter; of one that has only started there is no figure."""
    outcomes = ("started", "finished", "refused", "expired", "failed")
    for outcome in outcomes:
        counts = counters.riding(counted(SIGN_INS_COUNTED, "qr_code", outcome))
        store.put_all([], increments=counts)
    hour = History(store).last_hour(clock.now)

    assert (1, 3) == (hour.total(SIGN_INS), hour.total(SIGN_INS_REFUSED))
    assert [] == hour.apps()


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_each_reason_of_a_refusal_is_one(reason):
    """Also one that is added later."""
    assert [(PUSHES_REFUSED, "wx1")] == list(figures_of(f"gateway_pushes|wx1|{reason}"))


def test_many_apps_share_a_place(store, counters, clock, monkeypatch, redis_server):
    """The hash has at most so many fields, and no call is lost for the sum."""
    monkeypatch.setattr(history_module, "MOST_FIELDS", 10)
    for place in range(40):
        call(counters, f"wx{place}")
        clock.now += 1.5
    flush(counters, clock)
    hour = History(store).last_hour(clock.now)

    assert 40 == hour.total(CALLS)
    assert OTHER_APPS in hour.apps()
    client = redis_server.client()
    sizes = [client.hlen(key) for key in client.scan_iter("gateway:history:*")]
    assert sizes
    assert max(sizes) <= 10 + 2


def test_its_keys_end(counters, clock, redis_server):
    """Those of an hour after two, those of a day after a day and an hour."""
    call(counters)
    flush(counters, clock)
    client = redis_server.client()
    lives = {key: client.ttl(key) for key in client.scan_iter("gateway:history:*")}

    assert 7100 < lives[b"gateway:history:{2027011600}"] <= 7200
    assert 89_900 < lives[b"gateway:history:{20270116}"] <= 90_000


def test_it_costs_no_round_trip(redis_server, clock):
    """It is written with the counts, in one; and read in one."""
    client = CountedRedis.from_url(redis_server.url)
    store = RedisStore(lambda: client)
    counters = Counters(store, clock=clock, patience=5)
    store.time()
    before = client.trips
    call(counters, errcode=45009)
    assert 1 == client.trips - before

    History(store).last_hour(clock.now)
    assert 2 == client.trips - before


def test_fields_of_a_later_version_are_left_out(store, redis_server):
    """They are none of these figures, or have another form."""
    key = "gateway:history:{2027011600}"
    redis_server.client().hset(key, mapping={"calls": 1, "calls|wx1|0000|x": 2})

    assert 2 == History(store).last_hour(MIDNIGHT).total(CALLS)
