"""The deliver function: works through what is due, and removes old pushes.

A timer calls it every minute, and runtime/entry/nudge.py at once when something has
become due. Several calls may run at the same time: each target is claimed by one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from functions.deliver.targets import serve
from runtime.entry.timer import timer
from runtime.gateway import Gateway
from runtime.push.late_reply import KIND as LATE_REPLY

MOST_SECONDS = 40.0
"""How long a round takes new targets; the next one, a minute later, does the rest."""

SLICE_SECONDS = 10.0
"""How long a round stays with one target while others may wait."""

AT_ONCE = 8
"""Targets at a time."""

LINGER_SECONDS = 5.0
"""How soon something has to become due, so that a round waits for it."""

FAILING_AT_ONCE = 2
"""Of these, targets that have failed the last time: each may cost its whole timeout."""


def deliver(
    gateway: Gateway, *, most_seconds: float = MOST_SECONDS, at_once: int = AT_ONCE
) -> dict[str, int]:
    """Return how many jobs ended in which way, when nothing is due any more."""
    ended = gateway.inbox.sweep()
    until = time.monotonic() + most_seconds
    with ThreadPoolExecutor(at_once, "deliver") as pool:
        round_ = _Round(gateway, pool, until, at_once)
        gateway.rounds.go_on()
        while time.monotonic() < until:
            if not round_.goes_on():
                gateway.rounds.end()
                if not round_.goes_on():
                    break
            gateway.rounds.go_on()
        gateway.rounds.end()
        done = round_.finished()
    done["pushes_ended"] += ended
    return {name: number for name, number in sorted(done.items()) if number}


class _Round:
    def __init__(
        self, gateway: Gateway, pool: ThreadPoolExecutor, until: float, at_once: int
    ) -> None:
        self._gateway = gateway
        self._pool = pool
        self._until = until
        self._at_once = at_once
        self._running: dict[Future[Counter[str]], str] = {}
        self._failing: set[str] = set()
        self._done: Counter[str] = Counter()

    def goes_on(self) -> bool:
        """Start what is due, wait for one that ends; False if nothing is under way."""
        due = self._gateway.deliveries.due()
        self._done["unknown"] += due.unknown
        self._start(due.targets, due.failing, until=self._until)
        if not self._running:
            return self._lingers(due.next_in)
        # Others may have become due meanwhile.
        self._take(wait(self._running, timeout=0.2, return_when=FIRST_COMPLETED).done)
        return True

    def _start(
        self, targets: Sequence[str], failing: Collection[str], *, until: float
    ) -> None:
        for target in targets:
            fails = target in failing
            is_crowded = fails and len(self._failing) >= FAILING_AT_ONCE
            if target in self._running.values() or is_crowded:
                continue
            if len(self._running) >= self._at_once:
                break
            if fails:
                self._failing.add(target)
            slice_end = min(until, time.monotonic() + SLICE_SECONDS)
            work = self._pool.submit(serve, self._gateway, target, until=slice_end)
            self._running[work] = target

    def _lingers(self, next_in: float | None) -> bool:
        """Wait a moment if something may become due soon; return whether it may."""
        if next_in is not None and next_in <= LINGER_SECONDS:
            time.sleep(min(next_in, 0.2))
            return True
        return False

    def finished(self) -> Counter[str]:
        """Return the counts when all that was started has ended.

        A reply for which a user waits is sent even now: the next round may be too late.
        """
        while self._running:
            self._take(wait(self._running, return_when=FIRST_COMPLETED).done)
            due = self._gateway.deliveries.due()
            targets = [each for each in due.targets if each.endswith(f"/{LATE_REPLY}")]
            self._start(targets, due.failing, until=time.monotonic() + SLICE_SECONDS)
        return self._done

    def _take(self, ended: set[Future[Counter[str]]]) -> None:
        for each in ended:
            self._failing.discard(self._running.pop(each))
            self._done += each.result()


handler = timer(deliver, name="deliver")
