"""`python -m bench`: all figures, then the bars; exit code 1 if one was missed."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

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
from bench.report import Figure, bars_table
from host.developer.embedded_redis import find_server

PACKAGES = (
    *("redis", "urllib3", "tornado"),
    *("wechatpy", "python-redis-lock", "mangum", "serverless-wsgi", "gunicorn"),
    "flask",
)


def main() -> int:
    """Print everything; return the exit code."""
    began = time.monotonic()
    print("\n".join(_conditions()), flush=True)
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


def _conditions() -> Iterator[str]:
    yield f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.platform()}"
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    yield f"load before: {load} (1, 5, 15 min)"
    yield f"{platform.python_implementation()} {platform.python_version()}"
    yield _server_version()
    for name in PACKAGES:
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} is not installed: left out"


def _server_version() -> str:
    server = find_server()
    if server is None:
        return "no redis-server"
    said = subprocess.run(  # noqa: S603 - the server that is about to be measured
        [server, "--version"], capture_output=True, text=True, check=True
    )
    return " ".join(said.stdout.split()[:3])


if __name__ == "__main__":
    sys.exit(main())
