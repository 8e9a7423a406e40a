"""Command `python -m bench`: all figures and bars; exit code 1 if a bar is missed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench import (
    adapters,
    cold_start,
    delay,
    growth,
    interruption,
    proxied,
    recovery,
    serving,
    waiting,
)
from bench.conditions import conditions
from bench.report import Figure, bars_table

PACKAGES = (
    *("redis", "urllib3", "tornado"),
    *("wechatpy", "python-redis-lock", "mangum", "serverless-wsgi", "gunicorn"),
    "flask",
)


def main() -> int:
    """Print all figures and bars; return the exit code."""
    began = time.monotonic()
    print("\n".join(conditions(PACKAGES)), flush=True)
    bars = []
    for measure in _MEASUREMENTS:
        for figure in measure():
            print(f"\n{figure}", flush=True)
            bars += figure.bars
    print(f"\n## The bars\n\n{bars_table(bars)}\n\n{time.monotonic() - began:.0f} s")
    return any(each.verdict == "MISSED" for each in bars)


_MEASUREMENTS: tuple[Callable[[], list[Figure]], ...] = (
    lambda: waiting.measure(rounds=7, processes=8, callers=25),
    lambda: interruption.measure(rounds=5, apps=20),
    lambda: recovery.measure(rounds=5, processes=4, callers=5),
    lambda: delay.measure(rounds=5, processes=4, callers=10),
    lambda: proxied.measure(rounds=7, count=300),
    lambda: cold_start.measure(rounds=7),
    lambda: adapters.measure(rounds=7, count=500),
    lambda: serving.measure(rounds=7, count=2000),
    lambda: growth.measure(rounds=7, processes=16, callers=25, apps=100),
)


if __name__ == "__main__":
    sys.exit(main())
