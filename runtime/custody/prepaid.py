"""Prepaid rate costs: what one process has taken ahead, for the calls to come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from runtime.custody.protocol import RateCost

AHEAD_SECONDS = 1.0
"""So long what was paid ahead counts; what is left of it then is lost."""

LARGEST_SHARE = 0.1
"""So many seconds' worth of a rate one process holds at the most."""


@dataclass(slots=True)
class _Paid:
    cost: RateCost
    until: float
    bought: int
    left: int
    is_doubled: bool = False


class PrepaidCosts:
    """Buys the more at once, the faster a process spends.

    Whoever spends all within its second buys twice as many the next time; whoever does
    not buys one again. So a process that stops has lost no more than it has spent. Of a
    rate below 20 a second each call is bought by itself.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._paid: dict[tuple[str, str], _Paid] = {}
        self._lock = threading.Lock()

    def spend(self, name: str, cost: RateCost) -> bool:
        """Spend one that is paid for a call of that credential; False if none is."""
        with self._lock:
            paid = self._valid(name, cost)
            if paid is None or not paid.left:
                return False
            paid.left -= 1
            return True

    def wanted(self, name: str, cost: RateCost) -> int:
        """Return how many are to be paid now, the one of this call included.

        Of several callers that find nothing at once, one buys for all.
        """
        with self._lock:
            paid = self._valid(name, cost)
            if paid is None or paid.is_doubled:
                return 1
            paid.is_doubled = True
        return min(2 * paid.bought, max(1, int(cost.per_second * LARGEST_SHARE)))

    def put(self, name: str, cost: RateCost, bought: int) -> None:
        """Keep what was paid, but for the one of this call."""
        until = self._clock() + AHEAD_SECONDS
        with self._lock:
            if bought > 1 or not self._valid(name, cost):
                self._paid[name, cost.name] = _Paid(cost, until, bought, bought - 1)

    def _valid(self, name: str, cost: RateCost) -> _Paid | None:
        paid = self._paid.get((name, cost.name))
        if paid is None or paid.cost != cost or paid.until <= self._clock():
            return None
        return paid
