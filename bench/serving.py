"""Figure 8: requests a second of the host and of other servers."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.connections import open_load
from bench.cores import PINNED, on_core
from bench.processes import server_on_free_port
from bench.report import Bar, Figure, ratios, spread
from bench.served import CONTAINER, GUNICORN, OURS
from bench.site.hello import HELLO
from bench.turns import in_turns, installed

CONNECTIONS = 50


def measure(*, rounds: int, count: int) -> list[Figure]:
    """Send `count` requests to each server in turn."""
    names = [OURS, CONTAINER, *([GUNICORN] if installed("gunicorn") else [])]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(1):
            ports = [
                stack.enter_context(server_on_free_port("bench.served", name, folder))
                for name in names
            ]
        stack.enter_context(on_core(0))
        loads = {
            name: stack.enter_context(
                open_load(port, connections=CONNECTIONS, path="/hello", body=HELLO)
            )
            for name, port in zip(names, ports, strict=True)
        }
        seconds = in_turns(
            {name: partial(load.requests, count) for name, load in loads.items()},
            rounds=rounds,
        )
    shape = f"{rounds} × {count} by {CONNECTIONS} connections"
    return [_figure(seconds, count, f"{shape}, load and server {PINNED}")]


def _figure(seconds: Mapping[str, Sequence[float]], count: int, shape: str) -> Figure:
    head = ("server", "requests/s", f"ratio to {CONTAINER}")
    figure = Figure(f"8. Requests a second: {shape}", head)
    for name, each in seconds.items():
        rates = [count / one for one in each]
        ratio = ratios(rates, [count / one for one in seconds[CONTAINER]])
        figure.rows.append((name, spread(rates, ".0f"), spread(ratio)))
        if name == OURS:
            measured = statistics.median(ratio)
            bar = Bar(
                f"8. requests/s / {CONTAINER}",
                measured,
                0.9,
                1.4,
                timed=True,
                at_least=True,
            )
            figure.bars.append(bar)
    return figure
