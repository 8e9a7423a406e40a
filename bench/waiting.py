"""Figures 1 and 2: fetches and wait of many callers without a token."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.approaches import LOCKS, OURS, WECHATPY, present
from bench.report import Bar, Figure, ratios, spread
from bench.testbed import Herd, Testbed, open_testbeds

COUNTED = 3
"""Number of rounds in which commands are counted."""


@dataclass(frozen=True, slots=True)
class _Waits:
    commands: list[int]
    alone: list[float] = field(default_factory=list)
    together: list[Herd] = field(default_factory=list)


def measure(*, rounds: int, processes: int, callers: int) -> list[Figure]:
    """Measure the herd of each approach in turn, each after a single caller."""
    names = present(OURS, WECHATPY, *LOCKS)
    with open_testbeds(names, processes=processes) as testbeds:
        waits = {each.name: _Waits(_commands(each, callers)) for each in testbeds}
        for _ in range(rounds):
            for testbed in testbeds:
                seen = waits[testbed.name]
                seen.alone.append(testbed.herd(1, processes=1).seconds)
                seen.together.append(testbed.herd(callers))
    shape = f"{processes} × {callers} callers"
    return [_fetches(waits, shape), _last_waiter(waits, shape, processes)]


def _commands(testbed: Testbed, callers: int) -> list[int]:
    testbed.herd(callers)  # connects, and loads the scripts
    return [testbed.commands(callers) for _ in range(COUNTED)]


def _fetches(waits: Mapping[str, _Waits], shape: str) -> Figure:
    head = ("approach", "fetches", "last caller, ms", "newest token stored")
    figure = Figure(f"1. One expiry: {shape}, no token", head)
    for name, seen in waits.items():
        fetches = [sum(herd.fetches) for herd in seen.together]
        last = [herd.seconds * 1000 for herd in seen.together]
        newest = f"{sum(herd.newest for herd in seen.together)} of {len(last)}"
        figure.rows.append((name, spread(fetches, ".0f"), spread(last, ".0f"), newest))
    ours = waits[OURS].together
    figure.bars += [
        Bar(f"1. most fetches, {shape}", max(sum(h.fetches) for h in ours), 1, 1),
        Bar("1. newest not stored", sum(1 - herd.newest for herd in ours), 0, 0),
        Bar("1. callers without a token", sum(herd.refused for herd in ours), 0, 0),
    ]
    return figure


def _last_waiter(waits: Mapping[str, _Waits], shape: str, processes: int) -> Figure:
    head = ("approach", "alone, ms", "last of all / alone", "commands sent")
    figure = Figure(f"2. The last waiter: {shape} against one alone", head)
    for name, seen in waits.items():
        ratio = ratios([herd.seconds for herd in seen.together], seen.alone)
        alone = spread([seconds * 1000 for seconds in seen.alone], ".0f")
        figure.rows.append((name, alone, spread(ratio), spread(seen.commands, ".0f")))
        if name == OURS:
            commands, limit = statistics.median(seen.commands), 2 * processes + 2
            figure.bars += [
                Bar(
                    "2. last waiter / alone",
                    statistics.median(ratio),
                    1.2,
                    1.1,
                    timed=True,
                ),
                Bar("2. commands sent", commands, limit, limit),
            ]
    return figure
