"""CPU affinity: the measured process on one core, its servers and load on the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

CAN_PIN = hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1

PINNED = "a core each" if CAN_PIN else "NOT pinned to a core each: two modes mix"
"""For the titles of the figures: a wake-up across cores costs more than one call."""

_ALL = os.sched_getaffinity(0) if CAN_PIN else set()


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Run this thread, and all that it starts, on the first or the second core."""
    with _on({sorted(_ALL)[number]} if CAN_PIN else _ALL):
        yield


@contextmanager
def on_all_cores() -> Iterator[None]:
    """Let what is started here have every core, whatever this thread has."""
    with _on(_ALL):
        yield


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    if not CAN_PIN:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
