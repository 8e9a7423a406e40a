"""Figure 1, with lease holders killed or frozen: the token that is stored at last."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bench.approaches import LOCKS, OURS, present
from bench.report import Bar, Figure
from bench.testbed import Testbed, answers, ask, new_apps, open_testbeds

LOCK_SECONDS = 1.0
"""Shorter than in production: the result after it expires does not depend on it."""


def measure(*, rounds: int, apps: int) -> list[Figure]:
    """Interrupt holders, each during its fetches for `apps` apps."""
    names = present(OURS, *LOCKS)
    with (
        open_testbeds(names, processes=1, lock=LOCK_SECONDS) as testbeds,
        ThreadPoolExecutor() as threads,
    ):
        # Nothing is timed, so the approaches may run at the same time.
        counts = list(threads.map(lambda each: _newest(each, rounds, apps), testbeds))
    return [_figure(dict(zip(names, counts, strict=True)), rounds * apps)]


def _newest(testbed: Testbed, rounds: int, apps: int) -> Counter[int]:
    newest: Counter[int] = Counter()
    for _ in range(rounds):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            newest[number] += _interrupt(testbed, new_apps(apps), number)
    return newest


def _interrupt(testbed: Testbed, appids: list[str], number: int) -> int:
    holder = testbed.holder(appids)
    holder.signal(number)
    ask(testbed.processes, appids, len(appids))
    answers(testbed.processes)
    if number == signal.SIGSTOP:
        # It continues with tokens that are no longer the newest.
        holder.signal(signal.SIGCONT)
        answers([holder])
    holder.end()
    return testbed.newest(appids)


def _figure(counts: dict[str, Counter[int]], of: int) -> Figure:
    head = ("approach", "holder killed", "holder frozen past its lock")
    figure = Figure("1. Newest token stored although a holder was interrupted", head)
    for name, newest in counts.items():
        killed, frozen = newest[signal.SIGKILL], newest[signal.SIGSTOP]
        figure.rows.append((name, f"{killed} of {of}", f"{frozen} of {of}"))
        if name == OURS:
            figure.bars += [
                Bar("1. newest not stored, SIGKILL", of - killed, 0, 0),
                Bar("1. newest not stored, SIGSTOP", of - frozen, 0, 0),
            ]
    return figure
