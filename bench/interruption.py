"""Figure 1, where holders are killed or frozen: which token stands at last?"""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bench.approaches import LOCKS, OURS, present
from bench.report import Bar, Figure
from bench.stage import Stage, answers, ask, new_apps, open_stages

LOCK_SECONDS = 1.0
"""Shorter than a user's lock: what happens after it does not depend on its length."""


def measure(*, rounds: int, apps: int) -> list[Figure]:
    """Interrupt holders, each in mid-fetch for so many apps."""
    names = present(OURS, *LOCKS)
    with (
        open_stages(names, processes=1, lock=LOCK_SECONDS) as stages,
        ThreadPoolExecutor() as threads,
    ):
        # Nothing is timed, so the approaches may go on at the same time.
        counts = list(threads.map(lambda each: _newest(each, rounds, apps), stages))
    return [_figure(dict(zip(names, counts, strict=True)), rounds * apps)]


def _newest(stage: Stage, rounds: int, apps: int) -> Counter[int]:
    newest: Counter[int] = Counter()
    for _ in range(rounds):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            newest[number] += _interrupt(stage, new_apps(apps), number)
    return newest


def _interrupt(stage: Stage, appids: list[str], number: int) -> int:
    holder = stage.holder(appids)
    holder.signal(number)
    ask(stage.processes, appids, len(appids))
    answers(stage.processes)
    if number == signal.SIGSTOP:
        # It goes on where it was, with tokens that are the newest no more.
        holder.signal(signal.SIGCONT)
        answers([holder])
    holder.end()
    return stage.newest(appids)


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
