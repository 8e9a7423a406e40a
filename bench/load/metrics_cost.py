"""Figure 23: CPU of a proxied call with all metrics and without, and its round trips.

It is figure 5's call. Without metrics nothing is measured and only the calls are
counted, as `quota` needs them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import fc
from bench.cores import PINNED, on_core
from bench.processes import Upstream, empty_redis
from bench.proxied_calls import APPID, audit_lines, client_call
from bench.report import Bar, Figure, ratios, spread
from bench.source import SECRET
from bench.turns import Call, in_turns
from functions.wechat_api import report
from runtime.gateway import Gateway
from runtime.registry.schema import app_document
from runtime.settings import settings_from

WITH, WITHOUT = "with all metrics", "without"
BAR, GOAL = 1.10, 1.0

SECONDS = 5
"""Of the gateway's clock, in which the round trips are counted."""

CALLS_A_SECOND = 20

TRIALS = 5
"""The fewest round trips count: at times the token is read again meanwhile."""

Measures = Mapping[str, int]


def measure(*, rounds: int, count: int) -> list[Figure]:
    """Measure `count` calls of each in turn, on a core of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(1):
            redis_url = stack.enter_context(empty_redis(folder))
            upstream = Upstream()
            stack.callback(upstream.end)
        stack.enter_context(on_core(0))
        stack.enter_context(audit_lines())
        called = CountedCall(folder, redis_url, upstream.url)
        ways = {WITH: called.call, WITHOUT: called.call}
        costs = in_turns(
            {name: partial(_cost, name, call, count) for name, call in ways.items()},
            rounds=rounds,
        )
        trips = {
            name: min(called.round_trips(name) for _ in range(TRIALS)) for name in ways
        }
    return [_figure(costs, trips, f"{rounds} × {count} calls, {PINNED}")]


class CountedCall:
    """A call of a gateway with a clock of its own, whose round trips are counted."""

    def __init__(self, folder: Path, redis_url: str, upstream_url: str) -> None:
        settings = {**fc.SETTINGS, "CONFIG_URL": f"file:{folder}"}
        settings |= {"REDIS_URL": redis_url, "WECHAT_API_URL": upstream_url}
        self._now = 1_800_000_000.0
        self._trips = 0
        gateway = Gateway(settings_from(settings), clock=lambda: self._now)
        app = {"kind": "service", "secret": SECRET, "token_mode": "plain"}
        gateway.documents.write("apps", APPID, app_document(APPID, app), after=0)
        self.call: Call = client_call(gateway, "plain", {})
        self._count(gateway)

    def _count(self, gateway: Gateway) -> None:
        store: Any = gateway.redis_store
        send: Callable[..., object] = store._call

        def counted(*arguments: Any, **options: Any) -> object:
            self._trips += 1
            return send(*arguments, **options)

        store._call = counted

    def round_trips(self, name: str) -> int:
        """Return how many some seconds of calls take, by the gateway's clock."""
        with measured(name):
            self.call()
            self._trips = 0
            for _ in range(SECONDS):
                self._now += 1.0
                for _ in range(CALLS_A_SECOND):
                    self.call()
        return self._trips


@contextmanager
def measured(name: str) -> Iterator[None]:
    """Let the function measure its calls, or not, while this lasts."""
    module: Any = report
    known = module.counted, module.timed
    if name == WITHOUT:
        module.counted = module.timed = _nothing
    try:
        yield
    finally:
        module.counted, module.timed = known


def _nothing(*_: object, **__: object) -> Measures:
    return {}


def _cost(name: str, call: Call, count: int) -> float:
    with measured(name):
        began = time.process_time()
        for _ in range(count):
            call()
        return (time.process_time() - began) / count * 1e6


def _figure(
    costs: Mapping[str, Sequence[float]], trips: Mapping[str, int], shape: str
) -> Figure:
    head = ("one call", "CPU, us", "ratio", f"round trips in {SECONDS} s")
    figure = Figure(f"23. Cost of metrics: {shape}", head)
    for name, each in costs.items():
        ratio = ratios(each, costs[WITHOUT])
        row = (name, spread(each, ".0f"), spread(ratio), str(trips[name]))
        figure.rows.append(row)
    measured_ratio = statistics.median(ratios(costs[WITH], costs[WITHOUT]))
    figure.bars = [
        Bar("23. CPU with metrics / without", measured_ratio, BAR, GOAL, timed=True),
        Bar("23. round trips more", trips[WITH] - trips[WITHOUT], 0, 0),
    ]
    return figure
