"""Figure 6: time from the start of a process to its first answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.cold_site import Site, open_site
from bench.cores import PINNED, on_core
from bench.first_calls import FirstCall, first_calls
from bench.processes import TIMEOUT, empty_redis
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns, installed
from host.processes.children import PROJECT

PYTHON, PEER = "python -c pass", "flask + wechatpy + redis"


def measure(*, rounds: int) -> list[Figure]:
    """Start each candidate once a round, on a core of its own."""
    load = os.getloadavg()[0]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with on_core(1):
            redis_url = stack.enter_context(empty_redis(folder))
        stack.enter_context(on_core(0))
        site = open_site(folder, redis_url)
        seconds = in_turns(candidates(site), rounds=rounds)
        calls = first_calls(site)
    shape = f"{rounds} rounds, process and Redis {PINNED}, load {load:.1f} before"
    return [_figure(seconds, calls, shape)]


def candidates(site: Site) -> Mapping[str, Callable[[], float]]:
    """Return, for each installed candidate, a start that returns its seconds."""
    each: dict[str, Callable[[], float]] = {
        PYTHON: partial(seconds_of, ["-c", "pass"], site.bucket)
    }
    if installed("flask") and installed("wechatpy"):
        me = FirstCall(PEER, "", "/me", "401 UNAUTHORIZED")
        each[PEER] = partial(_first_answer, site, me, "bench/flask_app.py", "app")
    for call in first_calls(site):
        file = f"functions/{call.function}/index.py"
        each[call.name] = partial(_first_answer, site, call, file, "handler")
    return each


def _first_answer(site: Site, call: FirstCall, file: str, name: str) -> float:
    site.renew_copies()
    settings = site.folder if call.lists else site.bucket
    return seconds_of(
        ["bench/new_instance.py", file, name],
        {**settings, **call.environ()},
        body=call.body or "",
        expected=call.expected,
    )


def seconds_of(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    body: str = "",
    expected: str = "",
) -> float:
    """Return the seconds a process runs; ConnectionError without `expected` in it."""
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, "-W", "ignore", *arguments],
        cwd=PROJECT,
        env={"LANG": "C.UTF-8", **environ},  # as in FC's images
        input=body,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        timeout=TIMEOUT,
    )
    took = time.perf_counter() - began
    if expected not in done.stdout:
        raise ConnectionError(f"{arguments}: {done.stdout[:200]}")
    return took


def _figure(
    seconds: Mapping[str, Sequence[float]], calls: Sequence[FirstCall], shape: str
) -> Figure:
    beside = [name for name in (PYTHON, PEER) if name in seconds]
    head = ("first call", "ms", *(f"ratio to {name}" for name in beside))
    figure = Figure(f"6. Cold start to the first answer: {shape}", head)
    for name, each in seconds.items():
        ratio = [spread(ratios(each, seconds[other])) for other in beside]
        took = spread([one * 1000 for one in each], ".0f")
        figure.rows.append((name, took, *ratio))
    if PEER in seconds:
        figure.bars += [_bar(call, seconds) for call in calls if call.limits]
    return figure


def _bar(call: FirstCall, seconds: Mapping[str, Sequence[float]]) -> Bar:
    measured = statistics.median(ratios(seconds[call.name], seconds[PEER]))
    bar, goal = call.limits
    return Bar(f"6. {call.name} / {PEER}", measured, bar, goal, timed=True)
