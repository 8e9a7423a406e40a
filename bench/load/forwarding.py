"""Figures 10, 11 and 13: proxied calls, compared with other forwarders."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bench.cores import PINNED, on_core
from bench.load import go
from bench.load.callers import Window, get, measure_window
from bench.load.forwarders import AIOHTTP, CALLER_TOKEN, TORNADO
from bench.load.servers import Server, open_module, open_server
from bench.load.testbed import SERVER_CORE, Testbed, open_testbed
from bench.proxied_calls import OURS, TARGET
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns, installed

GO = "Go ReverseProxy"

RAMP = 1.0
"""Seconds over which the callers start, at least; the measured window comes after."""

PATIENCE = 60.0
"""Seconds to wait at most for the calls in flight at the end."""


@dataclass(frozen=True, slots=True)
class Load:
    """Callers that each have a call in flight all the time, for so many seconds."""

    rounds: int
    connections: int
    delay_ms: int
    seconds: float

    def __str__(self) -> str:
        """Return the load for a title."""
        shape = f"upstream {self.delay_ms} ms, {self.connections} connections"
        return f"{shape}, {self.rounds} × {self.seconds:g} s, server and load {PINNED}"


def measure_rate(number: int, load: Load) -> list[Figure]:
    """Measure figure 10 or 11: calls per second."""
    windows, counts = _measure(number, load)
    head = ("calls/s", "p50, ms", "p99, ms", "CPU per call, us", "load, % of a core")
    figure = _figure(f"{number}. Proxied calls per second: {load}", head, windows)
    rates = {name: [w.rate for w in each] for name, each in windows.items()}
    for name, each in windows.items():
        cells = (
            spread(rates[name], ".0f"),
            spread([percentile(w.latencies, 50) * 1000 for w in each], ".0f"),
            spread([percentile(w.latencies, 99) * 1000 for w in each], ".0f"),
            spread([w.cpu_per_call for w in each], ".0f"),
            spread([w.load_percent for w in each], ".0f"),
        )
        figure.rows.append((name, *cells, *_ratios(rates, name)))
    if AIOHTTP in rates:
        measured = statistics.median(ratios(rates[OURS], rates[AIOHTTP]))
        bar, goal = {10: (0.35, 0.5), 11: (0.85, 0.95)}[number]
        title = f"{number}. calls/s / {AIOHTTP}"
        figure.bars.append(
            Bar(title, measured, bar, goal, timed=True, at_least=True),
        )
    figure.bars += counts
    return [figure]


def measure_cpu(load: Load) -> list[Figure]:
    """Measure figure 13: the CPU per call, of all threads of the server."""
    windows, counts = _measure(13, load)
    title = f"13. CPU of a proxied call, end to end: {load}"
    figure = _figure(title, ("CPU, us",), windows)
    costs = {name: [w.cpu_per_call for w in each] for name, each in windows.items()}
    for name, each in costs.items():
        figure.rows.append((name, spread(each, ".0f"), *_ratios(costs, name)))
    if AIOHTTP in costs:
        measured = statistics.median(ratios(costs[OURS], costs[AIOHTTP]))
        figure.bars.append(Bar(f"13. CPU / {AIOHTTP}", measured, 3.3, 2.6, timed=True))
    figure.bars += counts
    return [figure]


def _figure(title: str, head: Sequence[str], windows: Mapping[str, object]) -> Figure:
    compared = (f"ratio to {name}" for name in windows if name != OURS)
    return Figure(title, ("forwarder", *head, *compared))


def _ratios(values: Mapping[str, Sequence[float]], name: str) -> list[str]:
    others = [each for other, each in values.items() if other != OURS]
    return [spread(ratios(values[name], each)) for each in others]


def _measure(
    number: int, load: Load
) -> tuple[Mapping[str, Sequence[Window]], list[Bar]]:
    """Return the windows of each candidate, and bars for the exact counts."""
    with open_testbed() as testbed:
        candidates = _candidates(testbed, load.delay_ms)
        windows = in_turns(
            {
                name: partial(_window, testbed, server, requests, load)
                for name, (server, requests) in candidates.items()
            },
            rounds=load.rounds,
        )
        without_token = testbed.wechat.order()["without_token"]
    bad = sum(window.bad for window in windows[OURS])
    counts = [
        Bar(f"{number}. answers other than 200", bad, 0, 0),
        Bar(f"{number}. calls without the real token", without_token, 0, 0),
    ]
    return windows, counts


def _window(
    testbed: Testbed, server: Server, requests: Sequence[bytes], load: Load
) -> Window:
    return asyncio.run(
        measure_window(
            server.port,
            requests,
            connections=load.connections,
            spread=max(RAMP, load.delay_ms / 1000),
            seconds=load.seconds,
            patience=PATIENCE,
            cpu=server.cpu,
            load_cpu=testbed.load_cpu,
        )
    )


def _candidates(
    testbed: Testbed, delay_ms: int
) -> Mapping[str, tuple[Server, Sequence[bytes]]]:
    """Return each installed candidate with the requests of its callers."""
    site = testbed.site()
    gateway = testbed.gateway(site)
    target = f"{TARGET}&delay_ms={delay_ms}&access_token="
    requests = [get(target + token) for token in site.gateway_tokens(gateway)]
    candidates = {OURS: (gateway, requests)}
    others = [get(target + CALLER_TOKEN)]
    url = testbed.wechat.url
    with on_core(SERVER_CORE):
        for name in (*([AIOHTTP] if installed("aiohttp") else []), TORNADO):
            arguments = ("bench.load.forwarders", name, url)
            opened = open_module(testbed.folder, {}, *arguments)
            candidates[name] = testbed.stack.enter_context(opened), others
        if command := go.build(testbed.folder, url):
            opened = open_server(command, {}, testbed.folder)
            candidates[GO] = testbed.stack.enter_context(opened), others
    return candidates


def percentile(values: Sequence[float], part: int) -> float:
    """Return the value that `part` of a hundred values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]
