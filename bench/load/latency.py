"""Figure 12: latency of the sign-in page and of /login/me beside slow proxied calls."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bench.cores import PINNED
from bench.load.callers import ClosedLoop, OpenLoop, get
from bench.load.forwarding import percentile
from bench.load.servers import Server
from bench.load.testbed import open_testbed
from bench.proxied_calls import TARGET
from bench.report import Bar, Figure, ratios, spread

ME, LOGIN = "/login/me", "/login"
REQUESTS = {
    ME: get(ME, Accept="application/json"),
    LOGIN: get(f"{LOGIN}?next={ME}", Accept="text/html", Accept_Language="en"),
}
GOOD = {ME: 401, LOGIN: 200}
PER_SECOND = 20.0
PATIENCE = 60.0

AHEAD = 0.1
"""Seconds of requests before all calls start at once."""


@dataclass(frozen=True, slots=True)
class SlowCalls:
    """Calls in flight, the seconds that WeChat takes, and those of each measurement."""

    rounds: int
    calls: int
    call_seconds: float
    seconds: float

    def __str__(self) -> str:
        """Return the load for a title."""
        calls = f"{self.calls} calls of {self.call_seconds:g} s"
        shape = f"{self.rounds} × {self.seconds:g} s, server and load {PINNED}"
        return f"{calls}, {PER_SECOND:g} requests per second of each, {shape}"


Latencies = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class _Round:
    idle: Latencies
    spread: Latencies
    at_once: Latencies
    last_call: float  # seconds, where all start at once
    bad_requests: int
    bad_calls: int


def measure(load: SlowCalls) -> list[Figure]:
    """Measure without calls, with calls that are evenly spread, with all at once."""
    with open_testbed() as testbed:
        site = testbed.site()
        gateway = testbed.gateway(site)
        target = f"{TARGET}&delay_ms={load.call_seconds * 1000:.0f}&access_token="
        calls = [get(target + token) for token in site.gateway_tokens(gateway)]
        asyncio.run(_warm_up(gateway))
        rounds = [
            asyncio.run(_measure_round(gateway, calls, load))
            for _ in range(load.rounds)
        ]
    return [_figure(rounds, load)]


async def _warm_up(gateway: Server) -> None:
    requests = OpenLoop(gateway.port, REQUESTS, good=GOOD)
    await requests.run(per_second=PER_SECOND, seconds=1, patience=PATIENCE)
    await requests.close()


async def _measure_round(
    gateway: Server, calls: Sequence[bytes], load: SlowCalls
) -> _Round:
    requests = OpenLoop(gateway.port, REQUESTS, good=GOOD)
    send = partial(
        requests.run,
        per_second=PER_SECOND,
        seconds=load.seconds,
        patience=PATIENCE,
    )
    idle = await send()
    spread_calls = ClosedLoop(gateway.port, calls, connections=load.calls)
    await spread_calls.open()
    await spread_calls.start(spread=load.call_seconds)
    busy = await send()
    await spread_calls.stop(patience=PATIENCE)
    all_calls = ClosedLoop(gateway.port, calls, connections=load.calls, once=True)
    await all_calls.open()
    sending = asyncio.create_task(send())
    await asyncio.sleep(AHEAD)
    await all_calls.start(spread=0)
    at_once = await sending
    await all_calls.stop(patience=PATIENCE)
    await requests.close()
    return _Round(
        idle=idle,
        spread=busy,
        at_once=at_once,
        last_call=max(all_calls.latencies, default=PATIENCE),
        bad_requests=requests.bad,
        bad_calls=spread_calls.bad + all_calls.bad,
    )


def _figure(rounds: Sequence[_Round], load: SlowCalls) -> Figure:
    head = ("request", "idle p95", "spread p95", "ratio", "all at once, longest")
    figure = Figure(f"12. Latency beside slow calls, ms: {load}", head)
    for name in REQUESTS:
        idle = [percentile(each.idle[name], 95) for each in rounds]
        busy = [percentile(each.spread[name], 95) for each in rounds]
        longest = [max(each.at_once[name]) for each in rounds]
        ratio = ratios(busy, idle)
        cells = (_ms(idle), _ms(busy), spread(ratio), _ms(longest))
        figure.rows.append((name, *cells))
        measured = statistics.median(ratio)
        bar = Bar(f"12. p95 of {name}, spread / idle", measured, 3, 1.5, timed=True)
        figure.bars.append(bar)
    last = _ms([each.last_call for each in rounds])
    figure.rows.append(("the last call", "", "", "", last))
    longest = [max(max(each.at_once[name]) for name in REQUESTS) for each in rounds]
    bad_requests = sum(each.bad_requests for each in rounds)
    bad_calls = sum(each.bad_calls for each in rounds)
    measured = statistics.median(longest)
    figure.bars += [
        Bar("12. longest request, all at once, s", measured, 0.5, 0.5, timed=True),
        Bar("12. requests without the right answer", bad_requests, 0, 0),
        Bar("12. calls without the right answer", bad_calls, 0, 0),
    ]
    return figure


def _ms(seconds: Sequence[float]) -> str:
    return spread([each * 1000 for each in seconds], ".1f")
