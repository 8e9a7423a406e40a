"""The command calls: rows by client, app, path and errcode on a real Redis."""

from __future__ import annotations

import pytest

from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.registry.schema import InvalidDocument
from runtime.settings import settings_from
from runtime.state.redis_store import RedisStore
from runtime.usage.call_counts import CallCounts
from runtime.usage.counters import day_key, minute_key
from tests.support.counted_redis import CountedRedis
from tests.support.gateway_environ import make_environ

NOON = 1_800_072_000.0
"""2027-01-16 12:00 in China."""

SEND, INFO = "/cgi-bin/message/custom/send", "/cgi-bin/user/info"
ROW = ("client", "app", "path", "errcode", "last_hour", "today")


class Clock:
    now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gateway(settings, wechat, clock):
    return Gateway(settings, transport=wechat, clock=clock)


@pytest.fixture
def called(redis_server):
    """Count calls as every process writes them."""
    redis = redis_server.client()

    def run(client, app, path, errcode=0, *, times=1, ago=0.0):
        for key in (minute_key(NOON - ago), day_key(NOON - ago)):
            redis.hincrby(key, f"{client}|{app}|{path}|{errcode}", times)

    return run


def rows(answer):
    return [tuple(each[name] for name in ROW) for each in answer["calls"]]


def test_who_calls_what(do, called):
    """Errors first, then the most frequent; an hour ago is today alone."""
    called("orders", "wx1", INFO, times=5)
    called("orders", "wx1", INFO, times=2, ago=3700)
    called("crm", "wx2", INFO, times=7, ago=1800)
    called("crm", "wx2", SEND, 45015, times=2)
    called("orders", "wx1", SEND, 48001, times=3, ago=7200)
    answer = do("calls show")

    assert [
        ("crm", "wx2", SEND, 45015, 2, 2),
        ("orders", "wx1", SEND, 48001, 0, 3),
        ("crm", "wx2", INFO, 0, 7, 7),
        ("orders", "wx1", INFO, 0, 5, 7),
    ] == rows(answer)
    assert (14, 2, 19, 5) == tuple(
        answer[name]
        for name in ("last_hour", "errors_last_hour", "today", "errors_today")
    )
    assert "left_out" not in answer


def test_yesterday_is_not_today(do, called):
    """What is less than an hour old is shown all the same."""
    called("orders", "wx1", INFO, ago=12 * 3600 + 1)

    assert [] == do("calls show")["calls"]


def test_of_one_client_and_one_app(do, called):
    """The sums are theirs, too."""
    for client in ("orders", "crm"):
        for app in ("wx1", "wx2"):
            called(client, app, INFO)
    one = do("calls show", client="crm", app="wx2")

    assert [("crm", "wx2", INFO, 0, 1, 1)] == rows(one)
    assert (1, 1) == (one["last_hour"], one["today"])
    assert 2 == len(do("calls show", client="crm")["calls"])
    assert [] == do("calls show", client="nobody")["calls"]


def test_a_list_that_is_cut(do, called):
    """The number of what is left out, which the sums contain."""
    for number in range(4):
        called("orders", "wx1", f"/cgi-bin/{number}")
    answer = do("calls show", most=3)

    assert (3, 1, 4) == (len(answer["calls"]), answer["left_out"], answer["today"])


def test_pushes_are_no_calls(do, called):
    """They are counted beside them, without a client."""
    called("-", "wx1", "/wechat_event/stored")
    called("orders", "wx1", INFO)

    assert [("orders", "wx1", INFO, 0, 1, 1)] == rows(do("calls show"))


def test_a_path_with_odd_characters(do, called):
    """It moves no cursor, and a | in it divides nothing."""
    called("orders", "wx1", "/cgi-bin/\x1b[2J|x", 40066)

    assert [("orders", "wx1", "/cgi-bin/?[2J|x", 40066, 1, 1)] == rows(do("calls show"))


def test_it_takes_one_round_trip(called, redis_server):
    """However many minutes there are."""
    called("orders", "wx1", INFO)
    redis = CountedRedis.from_url(redis_server.url)
    counts = CallCounts(RedisStore(lambda: redis)).read(NOON)

    assert (1, 1) == (len(counts), redis.trips)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"app": "a b"}, "app"), ({"most": 0}, "most"), ({"path": "/x"}, "path")],
)
def test_an_argument_at_fault(do, arguments, field):
    """It is named."""
    with pytest.raises(InvalidDocument) as caught:
        do("calls show", **arguments)

    assert field == caught.value.field


def test_without_redis(do, tmp_path):
    """It is said, and nothing is made up."""
    cut_off = Gateway(settings_from(make_environ(tmp_path, "redis://127.0.0.1:1/0")))
    with pytest.raises(ServiceUnavailable):
        do("calls show", on=cut_off)
