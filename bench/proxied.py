"""Figure 5: cost of a proxied call of WeChat's API in the function wechat_api."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.cores import PINNED, on_core
from bench.processes import Upstream, empty_redis
from bench.proxied_calls import DIRECT, OURS, RATED, candidates
from bench.report import Bar, Figure, ratios, spread
from bench.turns import cpu_of_calls


def measure(*, rounds: int, count: int) -> list[Figure]:
    """Measure `count` calls of each in turn, on a core of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(1):
            redis_url = stack.enter_context(empty_redis(folder))
            upstream = Upstream()
            stack.callback(upstream.end)
        stack.enter_context(on_core(0))
        calls = stack.enter_context(candidates(folder, redis_url, upstream.url))
        costs = cpu_of_calls(calls, rounds=rounds, count=count)
    return [_figure(costs, f"{rounds} × {count} calls, caller and servers {PINNED}")]


def _figure(costs: Mapping[str, Sequence[float]], shape: str) -> Figure:
    head = ("one call", "CPU, us", "ratio to http.client")
    figure = Figure(f"5. CPU of a proxied call: {shape}", head)
    for name, each in costs.items():
        ratio = ratios(each, costs[DIRECT])
        figure.rows.append((name, spread(each, ".0f"), spread(ratio)))
        if name in (OURS, RATED):
            measured = statistics.median(ratio)
            figure.bars.append(
                Bar(f"5. {name} / direct", measured, 2.5, 1.5, timed=True)
            )
    return figure
