"""Conditions of a run: date, machine, load, and what is installed."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence

from host.developer.embedded_redis import find_server


def conditions(packages: Sequence[str]) -> Iterator[str]:
    """Yield a line for each: date, machine, load, and versions of these packages."""
    yield f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.platform()}"
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    yield f"load before: {load} (1, 5, 15 min)"
    yield f"{platform.python_implementation()} {platform.python_version()}"
    yield _server_version()
    for name in packages:
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} is not installed: left out"


def _server_version() -> str:
    server = find_server()
    if server is None:
        return "no redis-server"
    printed = subprocess.run(  # noqa: S603 - the server that is about to be measured
        [server, "--version"], capture_output=True, text=True, check=True
    )
    return " ".join(printed.stdout.split()[:3])
