"""Prepaid rate costs: units that one process has taken for the calls to come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from runtime.custody.protocol import RateCost

AHEAD_SECONDS = 1.0
"""How long a prepaid unit can be spent; what is left of it then is lost."""

LARGEST_SHARE = 0.1
"""The most that one process takes at once, in seconds of the rate."""


@dataclass(slots=True)
class _Batch:
    cost: RateCost
    until: float
    size: int
    left: int
    is_doubled: bool = False


class PrepaidCosts:
    """Units taken ahead: the faster a process spends them, the more at once.

    A process that spends a whole batch within its second takes twice as many the next
    time; one that does not takes one again. So a process that stops has lost no more
    units than it has spent. Of a rate below 20 a second each unit is taken alone.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._batches: dict[tuple[str, str], _Batch] = {}
        self._lock = threading.Lock()

    def spend(self, name: str, cost: RateCost) -> bool:
        """Spend a unit for a call with this credential; False if there is none."""
        with self._lock:
            batch = self._valid(name, cost)
            if batch is None or not batch.left:
                return False
            batch.left -= 1
            return True

    def wanted(self, name: str, cost: RateCost) -> int:
        """Return how many units to take now, the one of this call included.

        Of several threads that find none at once, one takes a batch for all.
        """
        with self._lock:
            batch = self._valid(name, cost)
            if batch is None or batch.is_doubled:
                return 1
            batch.is_doubled = True
        return min(2 * batch.size, max(1, int(cost.per_second * LARGEST_SHARE)))

    def put(self, name: str, cost: RateCost, taken: int) -> None:
        """Add the units that were taken, except the one of this call."""
        until = self._clock() + AHEAD_SECONDS
        with self._lock:
            if taken > 1 or not self._valid(name, cost):
                self._batches[name, cost.name] = _Batch(cost, until, taken, taken - 1)

    def _valid(self, name: str, cost: RateCost) -> _Batch | None:
        batch = self._batches.get((name, cost.name))
        if batch is None or batch.cost != cost or batch.until <= self._clock():
            return None
        return batch
