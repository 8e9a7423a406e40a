"""Figure 4: callers that are delayed while the token is replaced."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench.approaches import OURS, REDIS_PY
from bench.report import Bar, Figure, spread
from bench.testbed import AHEAD, Testbed, new_apps, open_testbeds

SLOW = 0.05
"""Seconds; a call that takes longer counts as delayed."""

HALF = 0.4
"""Seconds of calls before the replacement of the token, and after it."""

ON_DEMAND = "ours, found due by a caller"
BY_TIMER = "ours, by the timer"
HARD_EXPIRY = f"{REDIS_PY}, hard expiry"


class _Delayed(NamedTuple):
    before: int  # callers delayed in the first half, by anything else
    after: int
    fetches: int  # including the one before the callers start


def measure(*, rounds: int, processes: int, callers: int) -> list[Figure]:
    """Measure each way to replace the token in turn."""
    found: dict[str, list[_Delayed]] = {ON_DEMAND: [], BY_TIMER: [], HARD_EXPIRY: []}
    with open_testbeds([OURS, REDIS_PY], processes=processes + 1) as (ours, lock):
        for _ in range(rounds):
            found[ON_DEMAND].append(_delayed(ours, callers, ours.approach.end_life))
            found[BY_TIMER].append(
                _delayed(ours, callers, lambda appid: _by_timer(ours, appid))
            )
            found[HARD_EXPIRY].append(_delayed(lock, callers, lock.approach.end_life))
    return [_figure(found, f"{processes} × {callers} callers")]


def _by_timer(testbed: Testbed, appid: str) -> None:
    testbed.approach.due_in(appid, seconds=60)
    testbed.processes[-1].send(refresh=appid)
    testbed.processes[-1].answer()


def _delayed(
    testbed: Testbed, callers: int, replace: Callable[[str], None]
) -> _Delayed:
    (appid,) = new_apps(1)
    *working, first = testbed.processes
    first.send(get=[appid], at=0)
    first.answer()
    at = time.monotonic() + AHEAD
    for each in working:
        each.send(load=appid, callers=callers, at=at, seconds=2 * HALF, slow=SLOW)
    time.sleep(at + HALF - time.monotonic())
    replaced_at = time.monotonic()
    replace(appid)
    slow_calls = [ends for each in working for ends in each.answer()]
    return _Delayed(
        before=sum(any(end < replaced_at for end in ends) for ends in slow_calls),
        after=sum(any(end >= replaced_at for end in ends) for ends in slow_calls),
        fetches=testbed.upstream.seen()[appid][0],
    )


def _figure(found: Mapping[str, Sequence[_Delayed]], shape: str) -> Figure:
    head = ("the token is replaced", "callers delayed", "before that", "fetches")
    title = f"4. Callers delayed more than {SLOW * 1000:.0f} ms: {shape}, each 5 ms"
    figure = Figure(title, head)
    for name, seen in found.items():
        before, after, fetches = (
            spread(each, ".0f") for each in zip(*seen, strict=True)
        )
        figure.rows.append((name, after, before, fetches))
    for name in (ON_DEMAND, BY_TIMER):
        delayed = statistics.median(each.after for each in found[name])
        most = max(each.fetches for each in found[name])
        figure.bars += [
            Bar(f"4. callers delayed, {name}", delayed, 1, 0, timed=True),
            Bar(f"4. fetches, the first too, {name}", most, 2, 2),
        ]
    return figure
