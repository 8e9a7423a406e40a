"""Turns: candidates measured one after the other in each round."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

T = TypeVar("T")

Call = Callable[[], object]


def installed(package: str) -> bool:
    """Tell whether a candidate's package is installed."""
    return importlib.util.find_spec(package) is not None


def cpu_of_calls(
    calls: Mapping[str, Call], *, rounds: int, count: int
) -> dict[str, list[float]]:
    """Return, by name and round, the CPU microseconds of this process for one call."""
    costs = {name: partial(_cpu, call, count) for name, call in calls.items()}
    return in_turns(costs, rounds=rounds)


def in_turns(
    measures: Mapping[str, Callable[[], T]], *, rounds: int
) -> dict[str, list[T]]:
    """Return the result of each in each round, after one round to warm up."""
    found: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(1 + rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: values[1:] for name, values in found.items()}


def _cpu(call: Call, count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count * 1e6
