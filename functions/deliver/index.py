"""The deliver function: works through what is due, and removes old pushes.

A timer calls it every minute, and runtime/entry/nudge.py at once when something has
become due. Several calls may run at the same time.
"""

from __future__ import annotations

from runtime.entry.timer import timer
from runtime.gateway import Gateway


def deliver(gateway: Gateway) -> dict[str, int]:
    """Return how many deliveries ended in which way, and how many old pushes went."""
    ended = gateway.inbox.sweep()
    return {"pushes_ended": ended} if ended else {}


handler = timer(deliver, name="deliver")
