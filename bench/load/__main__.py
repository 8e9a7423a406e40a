"""Load benchmark: `python -m bench.load [--quick] [FIGURE ...]`, all by default.

The exit code is 1 if a bar is missed or a figure cannot be measured. `--quick` measures
each figure once and small: it shows that everything works, its values mean nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bench.conditions import conditions
from bench.load import (
    authorized_round,
    deliveries,
    forwarding,
    latency,
    memory,
    metrics_cost,
    origins,
    pushes,
    refresh_round,
    sharing,
    sign_in,
)
from bench.load.forwarding import Load
from bench.load.latency import SlowCalls
from bench.load.memory import Bodies
from bench.load.pushes import Pushes
from bench.report import Bar, Figure, bars_table

PACKAGES = (
    "redis",
    "tornado",
    "boto3",
    "aiohttp",
    "Authlib",
    "flask",
    "wechatpy",
    "WeRoBot",
)

Measure = Callable[[], list[Figure]]

FULL: Mapping[int, Measure] = {
    10: partial(forwarding.measure_rate, 10, Load(5, 256, 50, 3.0)),
    11: partial(forwarding.measure_rate, 11, Load(5, 256, 500, 4.0)),
    12: partial(latency.measure, SlowCalls(5, 256, 5.0, 5.0)),
    13: partial(forwarding.measure_cpu, Load(5, 64, 50, 3.0)),
    14: partial(memory.measure, Bodies(5, 40, 31, 4, 30)),
    15: partial(sign_in.measure, rounds=5, count=100),
    16: partial(refresh_round.measure, rounds=5, count=10_000),
    17: partial(origins.measure, rounds=5, count=1000),
    18: partial(sharing.measure, rounds=20),
    19: partial(pushes.measure_latency, Pushes(5, 1, 2.0)),
    20: partial(pushes.measure_rate, Pushes(5, 16, 3.0)),
    21: partial(deliveries.measure, rounds=5, count=20, queued=10_000),
    22: partial(authorized_round.measure, rounds=5, count=10_000),
    23: partial(metrics_cost.measure, rounds=9, count=1000),
}

QUICK: Mapping[int, Measure] = {
    10: partial(forwarding.measure_rate, 10, Load(1, 256, 50, 2.0)),
    11: partial(forwarding.measure_rate, 11, Load(1, 256, 500, 2.0)),
    12: partial(latency.measure, SlowCalls(1, 64, 1.0, 2.0)),
    13: partial(forwarding.measure_cpu, Load(1, 64, 50, 2.0)),
    14: partial(memory.measure, Bodies(1, 6, 31, 2, 30)),
    15: partial(sign_in.measure, rounds=1, count=20),
    16: partial(refresh_round.measure, rounds=1, count=1000, copies_due=0),
    17: partial(origins.measure, rounds=1, count=200, copies_due=0, origins_due=0),
    18: partial(sharing.measure, rounds=5),
    19: partial(pushes.measure_latency, Pushes(1, 1, 1.0)),
    20: partial(pushes.measure_rate, Pushes(1, 8, 1.0)),
    21: partial(deliveries.measure, rounds=1, count=3, queued=200),
    22: partial(authorized_round.measure, rounds=1, count=1000, copies_due=0),
    23: partial(metrics_cost.measure, rounds=1, count=50),
}


def main(
    arguments: Sequence[str],
    *,
    full: Mapping[int, Measure] = FULL,
    quick: Mapping[int, Measure] = QUICK,
) -> int:
    """Print conditions, figures and bars; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("figures", nargs="*", type=int, metavar="FIGURE")
    parser.add_argument("--quick", action="store_true", help="once, small")
    options = parser.parse_args(arguments)
    measures = quick if options.quick else full
    if unknown := sorted(set(options.figures) - set(measures)):
        parser.error(f"no figure {', '.join(map(str, unknown))}")
    began = time.monotonic()
    print("\n".join(conditions(PACKAGES)), flush=True)
    bars: list[Bar] = []
    failed = []
    for number in options.figures or measures:
        try:
            figures = measures[number]()
        except Exception:  # the other figures are measured nevertheless
            traceback.print_exc()
            failed.append(number)
            continue
        for figure in figures:
            print(f"\n{figure}", flush=True)
            bars += figure.bars
    print(f"\n## The bars\n\n{bars_table(bars)}\n\n{time.monotonic() - began:.0f} s")
    for number in failed:
        print(f"figure {number} could not be measured")
    return int(bool(failed) or any(each.verdict == "MISSED" for each in bars))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
