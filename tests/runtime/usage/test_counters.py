"""Counters of calls on a real Redis: by the minute and by the day in China."""

from __future__ import annotations

import pytest

from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.usage import counters as counters_module
from runtime.usage.counters import Counters, day_key, minute_key

MIDNIGHT = 1_800_028_800.0
"""2027-01-16 00:00:00 in China, 16:00 UTC of the day before."""

PATH = "/cgi-bin/user/info"
DAY_BEFORE = "gateway:calls:{20270115}"
DAY = "gateway:calls:{20270116}"


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def make_counters(server, now):
    clock = Clock(now)
    store = RedisStore(lambda: connect(server.url))
    return Counters(store, clock=clock, patience=5), clock


def count(counters, times=1, *, path=PATH, errcode=0):
    for _ in range(times):
        counters.add("demo", "wx1", path, errcode=errcode)


def stored(server):
    """Return all counts in Redis by key and field."""
    client = server.client()
    return {
        key.decode(): {
            field.decode(): int(value) for field, value in client.hgetall(key).items()
        }
        for key in client.scan_iter("gateway:calls:*")
    }


@pytest.mark.parametrize(
    ("now", "minute", "day"),
    [
        (MIDNIGHT - 0.001, "gateway:calls:{202701152359}", DAY_BEFORE),
        (MIDNIGHT, "gateway:calls:{202701160000}", DAY),
        (MIDNIGHT + 59.999, "gateway:calls:{202701160000}", DAY),
        (MIDNIGHT + 60, "gateway:calls:{202701160001}", DAY),
    ],
)
def test_a_call_counts_for_its_minute_and_its_day(redis_server, now, minute, day):
    """The day is China's, on which WeChat's daily quotas begin."""
    counters, _ = make_counters(redis_server, now)
    count(counters)

    field = {f"demo|wx1|{PATH}|0": 1}
    assert (minute, day) == (minute_key(now), day_key(now))
    assert {minute: field, day: field} == stored(redis_server)


def test_what_waits_over_midnight_counts_for_the_day_of_the_call(redis_server):
    """Not for the day on which it is sent."""
    counters, clock = make_counters(redis_server, MIDNIGHT - 0.9)
    count(counters, 3)
    clock.now = MIDNIGHT + 0.2
    count(counters)

    days = {key: sum(each.values()) for key, each in stored(redis_server).items()}
    assert (3, 1) == (days[DAY_BEFORE], days[DAY])


def test_counts_are_sent_once_a_second(redis_server):
    """The first one at once, the others with the first call a second later."""
    counters, clock = make_counters(redis_server, MIDNIGHT)
    count(counters, 3)
    assert {f"demo|wx1|{PATH}|0": 1} == stored(redis_server)[DAY]

    clock.now = MIDNIGHT + 0.999
    count(counters)
    assert {f"demo|wx1|{PATH}|0": 1} == stored(redis_server)[DAY]
    clock.now = MIDNIGHT + 1
    count(counters)
    assert {f"demo|wx1|{PATH}|0": 5} == stored(redis_server)[DAY]


def test_what_succeeded_today(redis_server):
    """Calls with errcode 0 of this client, app and path; from midnight on none."""
    counters, clock = make_counters(redis_server, MIDNIGHT - 10)
    for errcode in (0, 0, 45009):
        count(counters, errcode=errcode)
        clock.now += 1

    assert 2 == counters.today("demo", "wx1", PATH)
    assert 0 == counters.today("demo", "wx1", "/cgi-bin/user")
    assert 0 == counters.today("demo", "wx2", PATH)
    clock.now = MIDNIGHT - 0.001
    assert 2 == counters.today("demo", "wx1", PATH)
    clock.now = MIDNIGHT
    assert 0 == counters.today("demo", "wx1", PATH)


def test_a_long_path_is_cut(redis_server):
    """At 128 characters, so that made-up paths cannot fill Redis."""
    counters, _ = make_counters(redis_server, MIDNIGHT)
    count(counters, path="/" + "a" * 1000)

    assert [f"demo|wx1|/{'a' * 127}|0"] == list(stored(redis_server)[DAY])


def test_counts_end_an_hour_after_they_are_asked_for(redis_server):
    """A day's hash lives for 25 hours from its last count on, a minute's for two."""
    counters, _ = make_counters(redis_server, MIDNIGHT)
    count(counters)
    client = redis_server.client()

    assert 89_900 < client.ttl(day_key(MIDNIGHT)) <= 90_000
    assert 7_100 < client.ttl(minute_key(MIDNIGHT)) <= 7_200


class TestBound:
    """Paths that callers make up cannot fill Redis."""

    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch):
        monkeypatch.setattr(counters_module, "MOST_OF_A_DAY", 3)
        monkeypatch.setattr(counters_module, "MOST_OF_A_MINUTE", 2)

    def test_a_path_without_room_is_another(self, redis_server):
        """With its client, app and errcode; one that is there goes on."""
        counters, clock = make_counters(redis_server, MIDNIGHT)
        for path in ("/a", "/b", "/c", "/d", "/a"):
            count(counters, path=path, errcode=40001)
            clock.now += 1

        assert {
            **{f"demo|wx1|{path}|40001": 1 for path in ("/b", "/c", "other")},
            "demo|wx1|/a|40001": 2,
        } == stored(redis_server)[DAY]
        minute = stored(redis_server)[minute_key(MIDNIGHT)]
        assert {"demo|wx1|/a|40001": 2, "demo|wx1|other|40001": 2} == {
            field: number for field, number in minute.items() if "/b" not in field
        }

    def test_another_process_counts_what_is_there(self, redis_server):
        """It learns the size with its first write."""
        first, clock = make_counters(redis_server, MIDNIGHT)
        for path in ("/a", "/b", "/c"):
            count(first, path=path)
            clock.now += 1
        second, clock = make_counters(redis_server, MIDNIGHT)
        for path in ("/e", "/f"):
            count(second, path=path)
            clock.now += 1

        paths = [field.split("|")[2] for field in stored(redis_server)[DAY]]
        assert ["/a", "/b", "/c", "/e", "other"] == paths

    def test_many_clients_share_one_field_at_last(self, redis_server):
        """An error stays one."""
        counters, clock = make_counters(redis_server, MIDNIGHT)
        for number in range(9):
            counters.add(f"c{number}", "wx1", "/a", errcode=0 if number < 8 else 40001)
            clock.now += 1

        day = stored(redis_server)[DAY]
        assert 3 + 3 + 2 == len(day)
        assert (2, 1) == (day["-|-|other|0"], day["-|-|other|-1"])
        assert 9 == sum(day.values())

    def test_a_new_minute_has_room_again(self, redis_server):
        """What the process knows of the one before is forgotten."""
        counters, clock = make_counters(redis_server, MIDNIGHT)
        for now in (0, 1, 2, 60):
            clock.now = MIDNIGHT + now
            count(counters, path=f"/{now}")

        assert {"demo|wx1|/60|0": 1} == stored(redis_server)[minute_key(MIDNIGHT + 60)]


def test_redis_away_costs_counts_and_no_call(own_redis):
    """Nothing is raised, and what was counted in between is lost."""
    counters, clock = make_counters(own_redis, MIDNIGHT)
    own_redis.stop()
    count(counters)
    clock.now += 1
    count(counters)


def test_the_last_call_of_each_client(redis_server):
    """By the minute, for 90 days; a push is no client's call."""
    counters, clock = make_counters(redis_server, MIDNIGHT)
    counters.add("old", "wx1", PATH, errcode=0)
    clock.now = MIDNIGHT + 90
    counters.add("new", "wx1", PATH, errcode=40001)
    counters.add("-", "wx1", "/wechat_event/stored", errcode=0)
    clock.now = MIDNIGHT + 95
    counters.add("new", "wx1", PATH, errcode=0)

    assert {"old": MIDNIGHT, "new": MIDNIGHT + 60} == counters.last_uses()
    life = redis_server.client().ttl("gateway:last_use")
    assert 90 * 86400 - 60 < life <= 90 * 86400
