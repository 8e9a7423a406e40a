"""Figure 3: wait of the callers when the lease holder is killed during its fetch."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from bench.approaches import LOCKS, OURS, present
from bench.report import Bar, Figure, ratios, spread
from bench.testbed import LOCK_SECONDS, Testbed, answers, ask, new_apps, open_testbeds
from bench.upstream import SECONDS

BAR = 1.5
GOAL = 0.7


class _Recovery(NamedTuple):
    seconds: float  # from the kill until the last waiter has a token
    fetches: int  # including the lost one


def measure(
    *, rounds: int, processes: int, callers: int, lock: float = LOCK_SECONDS
) -> list[Figure]:
    """Kill holders at moments spread over the fetch."""
    names = present(OURS, *LOCKS)
    found: dict[str, list[_Recovery]] = {name: [] for name in names}
    with (
        open_testbeds(names, processes=processes, lock=lock) as (ours, *locks),
        ThreadPoolExecutor() as threads,
    ):
        for number in range(rounds):
            into = SECONDS * (number + 1) / (rounds + 1)
            found[OURS].append(_recover(ours, callers, into))
            # All locks at the same time: they only wait until they expire.
            waits = [threads.submit(_recover, each, callers, into) for each in locks]
            for testbed, wait in zip(locks, waits, strict=True):
                found[testbed.name].append(wait.result())
    return [_figure(found, f"{processes * callers} waiters, locks of {lock:g} s")]


def _recover(testbed: Testbed, callers: int, into: float) -> _Recovery:
    appids = new_apps(1)
    holder = testbed.holder(appids)
    kill_at = time.monotonic() + into
    ask(testbed.processes, appids, callers)
    time.sleep(max(0.0, kill_at - time.monotonic()))
    holder.end()
    killed_at = time.monotonic()
    last = max(ended for _, ended in answers(testbed.processes))
    return _Recovery(last - killed_at, testbed.upstream.seen()[appids[0]][0])


def _figure(found: Mapping[str, Sequence[_Recovery]], shape: str) -> Figure:
    head = ("approach", "last waiter after, s", "ours / it", "fetches")
    figure = Figure(f"3. The holder is killed in mid-fetch: {shape}", head)
    ours = [each.seconds for each in found[OURS]]
    for name, recoveries in found.items():
        seconds = [each.seconds for each in recoveries]
        fetches = spread([each.fetches for each in recoveries], ".0f")
        ratio = spread(ratios(ours, seconds), ".3f")
        figure.rows.append((name, spread(seconds), ratio, fetches))
    most = max(each.fetches for each in found[OURS])
    figure.bars += [
        Bar("3. recovery, s", statistics.median(ours), BAR, GOAL, timed=True),
        Bar("3. fetches, the lost one too", most, 2, 2),
    ]
    return figure
