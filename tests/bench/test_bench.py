"""Measurements at a small size: what they count. No time is checked."""

from __future__ import annotations

import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import (
    adapters,
    delay,
    growth,
    interruption,
    proxied,
    recovery,
    served,
    serving,
    waiting,
)
from bench.approaches import LOCKS, OURS, REDIS_PY, WECHATPY, present
from bench.connections import open_load
from bench.cores import CAN_PIN, on_core
from bench.processes import Upstream, empty_redis
from bench.proxied_calls import DIRECT, FLOOR, RATED, candidates
from bench.proxied_calls import OURS as OURS_CALL
from bench.proxied_calls import WECHATPY as WECHATPY_CLIENT
from bench.report import Bar, bars_table, ratios, spread
from bench.testbed import open_testbeds
from bench.turns import installed
from bench.upstream import USER
from host.developer.embedded_redis import find_server

pytestmark = pytest.mark.skipif(
    find_server() is None, reason="no redis-server: neither on PATH nor in the wheel"
)


def missed(figures):
    """Return the counts, of which each is the same on every machine, that are wrong."""
    bars = [bar for figure in figures for bar in figure.bars if not bar.timed]
    assert bars
    return [bar for bar in bars if bar.verdict != "goal"]


def test_ours_fetches_once_and_wechatpy_for_each_caller():
    """Six callers in two processes: one fetch, and its token is stored."""
    names = present(OURS, REDIS_PY, WECHATPY)
    with open_testbeds(names, processes=2) as testbeds:
        herds = {testbed.name: testbed.herd(3) for testbed in testbeds}

    fetches = {name: herd.fetches for name, herd in herds.items()}
    assert fetches == {OURS: [1], REDIS_PY: [1], WECHATPY: [6]}
    assert {herds[name].newest for name in (OURS, REDIS_PY)} == {1}
    assert {herd.refused for herd in herds.values()} == {0}


def test_a_herd_shares_its_apps():
    """Each process has the given number of callers, on all apps in turn."""
    with open_testbeds([OURS], processes=2) as (testbed,):
        herd = testbed.herd(4, apps=3)

    assert (herd.fetches, herd.newest, herd.refused) == ([1, 1, 1], 3, 0)


def test_waiting():
    """Our counts hold at any size, and each approach has a row."""
    figures = waiting.measure(rounds=1, processes=2, callers=3)

    assert missed(figures) == []
    names = present(OURS, WECHATPY, *LOCKS)
    assert [[row[0] for row in each.rows] for each in figures] == [names, names]


def test_interruption():
    """A frozen holder overwrites the newest token unless a fence prevents it."""
    figures = interruption.measure(rounds=1, apps=2)
    rows = {name: counts for name, *counts in figures[0].rows}

    assert missed(figures) == []
    assert rows == {
        name: ["2 of 2", "2 of 2" if name == OURS else "0 of 2"]
        for name in present(OURS, *LOCKS)
    }


def test_recovery():
    """A killed holder costs one more fetch."""
    figures = recovery.measure(rounds=1, processes=2, callers=2, lock=1)
    rows = {name: fetches for name, _, _, fetches in figures[0].rows}

    assert missed(figures) == []
    assert rows == dict.fromkeys(present(OURS, *LOCKS), "2 (2 to 2)")


def test_delay():
    """The token is replaced once, on demand and by the timer."""
    figures = delay.measure(rounds=1, processes=2, callers=2)

    assert missed(figures) == []
    assert [row[3] for row in figures[0].rows] == ["2 (2 to 2)"] * 3


def test_growth():
    """There is one fetch for each app in every shape."""
    assert missed(growth.measure(rounds=1, processes=4, callers=3, apps=5)) == []


def test_each_proxied_call_gets_the_same_answer(tmp_path):
    """Every candidate returns the upstream's answer."""
    upstream = Upstream()
    try:
        with (
            empty_redis(tmp_path) as redis_url,
            candidates(tmp_path, redis_url, upstream.url) as calls,
        ):
            told = {name: call() for name, call in calls.items()}
    finally:
        upstream.end()

    parsed = told.pop(WECHATPY_CLIENT)
    assert USER == parsed
    assert [USER] * 4 == [json.loads(body) for body in told.values()]


def test_each_adapter_hands_over_the_same_answer():
    """Every adapter returns the function's body in the platform's form."""
    with adapters.candidates() as calls:
        told = {name: call() for name, call in calls.items()}
    bodies = {
        name: answer["body"].encode() if isinstance(answer, dict) else b"".join(answer)
        for name, answer in told.items()
    }

    assert dict.fromkeys(bodies, adapters.HELLO) == bodies
    assert {adapters.BARE, adapters.BY_WSGI, adapters.BY_EVENT} <= set(bodies)


def test_load_counts_answers():
    """Each request is answered once, and a bad answer is an error."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = []
        thread = threading.Thread(target=lambda: seen.extend(_serve(server, 2)))
        thread.start()
        port = server.getsockname()[1]
        with open_load(port, connections=2, path="/hello", body=b"hello") as load:
            load.requests(7)
        thread.join()

    assert 7 == sum(seen)
    assert max(seen) <= 6


def _serve(server, connections):
    """Answer on each of so many connections until it ends; yield how often."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    with ThreadPoolExecutor() as threads:
        opened = [server.accept()[0] for _ in range(connections)]
        yield from threads.map(lambda each: _answered(each, answer), opened)


def _answered(connection, answer):
    count = 0
    with connection:
        while connection.recv(4096):
            connection.sendall(answer)
            count += 1
    return count


def test_proxied():
    """Both of our clients have a bar, and each candidate has a row."""
    (figure,) = proxied.measure(rounds=1, count=20)

    assert [DIRECT, OURS_CALL, RATED, FLOOR, WECHATPY_CLIENT] == rows_of(figure)
    assert [True, True] == [bar.timed and bar.measured > 1 for bar in figure.bars]


def test_adapters():
    """Our adapters have a bar against mangum if it is installed."""
    (figure,) = adapters.measure(rounds=1, count=20)

    with adapters.candidates() as calls:
        assert list(calls) == rows_of(figure)
    assert 2 * installed("mangum") == len(figure.bars)


def test_serving():
    """Each server answers all requests on all connections."""
    (figure,) = serving.measure(rounds=1, count=60)

    gunicorn = [served.GUNICORN] * installed("gunicorn")
    assert [served.OURS, served.CONTAINER, *gunicorn] == rows_of(figure)
    assert [True] == [bar.at_least for bar in figure.bars]


def rows_of(figure):
    return [row[0] for row in figure.rows]


@pytest.mark.skipif(not CAN_PIN, reason="one core, or no way to choose one")
def test_what_is_pinned_comes_back():
    """The thread runs on one core, and afterwards as before."""
    before = os.sched_getaffinity(0)
    with on_core(0):
        inside = os.sched_getaffinity(0)

    assert len(inside) == 1
    assert before == os.sched_getaffinity(0)


def test_a_ratio_is_of_two_measured_together():
    """Ratios are of pairs, with median, minimum and maximum."""
    assert spread(ratios([1, 4, 9], [1, 2, 3])) == "2.00 (1.00 to 3.00)"


@pytest.mark.parametrize(
    ("measured", "verdict"), [(1.0, "goal"), (1.2, "bar"), (1.21, "MISSED")]
)
def test_a_bar_tells_how_far_ours_comes(measured, verdict):
    """A bar reports goal, bar and miss."""
    bar = Bar("2. last waiter", measured, 1.2, 1.0)

    assert bar.verdict == verdict
    assert bars_table([bar]).endswith(f"| {verdict.ljust(7)} |")


@pytest.mark.parametrize(
    ("measured", "verdict"), [(1.4, "goal"), (1.0, "bar"), (0.99, "MISSED")]
)
def test_a_bar_can_be_the_least(measured, verdict):
    """For a minimum bar, more is better."""
    bar = Bar("8. requests/s", measured, 1.0, 1.4, at_least=True)

    assert bar.verdict == verdict
