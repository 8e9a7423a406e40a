"""Each measurement, small: it counts what it says it counts. No time is judged."""

from __future__ import annotations

import pytest

from bench import delay, growth, interruption, recovery, waiting
from bench.approaches import LOCKS, OURS, REDIS_PY, WECHATPY, present
from bench.report import Bar, bars_table, ratios, spread
from bench.stage import open_stages
from host.embedded_redis import find_server

pytestmark = pytest.mark.skipif(
    find_server() is None, reason="no redis-server: neither on PATH nor in the wheel"
)


def missed(figures):
    """Return the counts, of which each is the same on every machine, that are wrong."""
    bars = [bar for figure in figures for bar in figure.bars if not bar.timed]
    assert bars
    return [bar for bar in bars if bar.verdict != "goal"]


def test_ours_fetches_once_and_wechatpy_for_each_caller():
    """Six callers in two processes; with one fetch the newest token is stored."""
    names = present(OURS, REDIS_PY, WECHATPY)
    with open_stages(names, processes=2) as stages:
        herds = {stage.name: stage.herd(3) for stage in stages}

    fetches = {name: herd.fetches for name, herd in herds.items()}
    assert fetches == {OURS: [1], REDIS_PY: [1], WECHATPY: [6]}
    assert {herds[name].newest for name in (OURS, REDIS_PY)} == {1}
    assert {herd.refused for herd in herds.values()} == {0}


def test_a_herd_shares_its_apps():
    """Each process has as many callers as it was told, on all apps in turn."""
    with open_stages([OURS], processes=2) as (stage,):
        herd = stage.herd(4, apps=3)

    assert (herd.fetches, herd.newest, herd.refused) == ([1, 1, 1], 3, 0)


def test_waiting():
    """Counts and commands of ours hold at any size; each approach has its row."""
    figures = waiting.measure(rounds=1, processes=2, callers=3)

    assert missed(figures) == []
    names = present(OURS, WECHATPY, *LOCKS)
    assert [[row[0] for row in each.rows] for each in figures] == [names, names]


def test_interruption():
    """A frozen holder overwrites the newest token, but where a fence keeps it off."""
    figures = interruption.measure(rounds=1, apps=2)
    rows = {name: counts for name, *counts in figures[0].rows}

    assert missed(figures) == []
    assert rows == {
        name: ["2 of 2", "2 of 2" if name == OURS else "0 of 2"]
        for name in present(OURS, *LOCKS)
    }


def test_recovery():
    """A killed holder costs one fetch more."""
    figures = recovery.measure(rounds=1, processes=2, callers=2, lock=1)
    rows = {name: fetches for name, _, _, fetches in figures[0].rows}

    assert missed(figures) == []
    assert rows == dict.fromkeys(present(OURS, *LOCKS), "2 (2 to 2)")


def test_delay():
    """However it is found to be due, the token is replaced once."""
    figures = delay.measure(rounds=1, processes=2, callers=2)

    assert missed(figures) == []
    assert [row[3] for row in figures[0].rows] == ["2 (2 to 2)"] * 3


def test_growth():
    """One fetch an app in every shape."""
    assert missed(growth.measure(rounds=1, processes=4, callers=3, apps=5)) == []


def test_a_ratio_is_of_two_measured_together():
    """Pairs, and of them median, least and greatest."""
    assert spread(ratios([1, 4, 9], [1, 2, 3])) == "2.00 (1.00 to 3.00)"


@pytest.mark.parametrize(
    ("measured", "verdict"), [(1.0, "goal"), (1.2, "bar"), (1.21, "MISSED")]
)
def test_a_bar_tells_how_far_ours_comes(measured, verdict):
    """At the goal, at the bar, above both."""
    bar = Bar("2. last waiter", measured, 1.2, 1.0)

    assert bar.verdict == verdict
    assert bars_table([bar]).endswith(f"| {verdict.ljust(7)} |")
