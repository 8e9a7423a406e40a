"""Servers of the load benchmark: they answer, delay and count what they should."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time

import pytest
import urllib3
from redis import Redis

from bench.load.many_documents import ManyDocuments, apps
from bench.load.servers import open_module, open_server
from bench.load.testbed import StandIn, open_testbed
from bench.load.wechat import REAL_TOKEN
from bench.processes import empty_redis
from bench.upstream import USER
from host.cannot_start import CannotStart
from host.developer.embedded_redis import find_server
from runtime.documents.bucket import BucketStore
from runtime.documents.store import VersionExists
from runtime.gateway import Gateway
from runtime.settings import settings_from

needs_redis = pytest.mark.skipif(
    find_server() is None, reason="no redis-server: neither on PATH nor in the wheel"
)

TWO_PAGES = 1100
"""Objects; a page of a listing has 1000."""


@pytest.fixture
def start():
    """Yield what starts a stand-in for the test."""
    started = []

    def start(module, *arguments):
        started.append(StandIn(module, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.end()


def test_wechat_answers_and_counts(start):
    """Users, files of any size, sizes of bodies; a call without the token counts."""
    wechat = start("bench.load.wechat")

    def call(path, body=None, token=REAL_TOKEN):
        url = f"{wechat.url}{path}&access_token={token}"
        with urllib3.PoolManager(retries=False, timeout=30) as http:
            return http.request("POST" if body else "GET", url, body=body).data

    assert json.loads(call("/cgi-bin/user/info?openid=o")) == USER
    assert call("/cgi-bin/media/get?size=3000000") == bytes(3_000_000)
    assert json.loads(call("/cgi-bin/media/upload?", bytes(2_000_000)))["size"] == 2e6
    assert json.loads(call("/cgi-bin/user/info?openid=o", token="junk")) == USER
    assert json.loads(call("/cgi-bin/token?appid=a"))["access_token"] == REAL_TOKEN
    assert wechat.order() == {
        "calls": 4,
        "without_token": 1,
        "fetches": 1,
        "connections": 5,
    }
    assert wechat.order()["calls"] == 0


def test_wechat_answers_an_upload_when_all_of_it_has_come(start):
    """Not after a part of the body, and once."""
    wechat = start("bench.load.wechat")
    head = b"POST /cgi-bin/media/upload HTTP/1.1\r\nContent-Length: 2000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", wechat.port), 30) as connection:
        connection.sendall(head + bytes(1000))
        early = select.select([connection], [], [], 0.3)[0]
        connection.sendall(bytes(1000))
        answer = connection.recv(65536)

    assert early == []
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 2000
    assert wechat.order()["calls"] == 1


def test_wechat_takes_its_time(start):
    """A call with delay_ms is not answered before."""
    wechat = start("bench.load.wechat")
    began = time.monotonic()
    with urllib3.PoolManager(retries=False, timeout=30) as http:
        http.request("GET", f"{wechat.url}/cgi-bin/x?delay_ms=200")
        took = time.monotonic() - began

    assert took >= 0.2


@needs_redis
def test_redis_proxy_counts_round_trips(tmp_path, start):
    """A command is one round trip and a pipeline of 1 MB is one, too."""
    with empty_redis(tmp_path) as redis_url:
        port = redis_url.rpartition(":")[2].removesuffix("/0")
        proxy = start("bench.load.redis_proxy", port, "5")
        with Redis(port=proxy.port) as client:
            client.ping()  # connects
            proxy.order()
            for _ in range(3):
                client.get("a")
            with client.pipeline(transaction=False) as pipeline:
                for number in range(2000):
                    pipeline.set(f"key:{number}", "v" * 500)
                pipeline.execute()
            round_trips = proxy.order()
            keys = client.dbsize()

    assert (round_trips, keys) == (4, 2000)


@needs_redis
def test_redis_proxy_delays(tmp_path, start):
    """An answer takes the delay, also where Redis itself has waited."""
    with empty_redis(tmp_path) as redis_url:
        port = redis_url.rpartition(":")[2].removesuffix("/0")
        proxy = start("bench.load.redis_proxy", port, "50")
        with Redis(port=proxy.port) as client, Redis.from_url(redis_url) as near:
            client.ping()
            began = time.monotonic()
            client.ping()
            took = time.monotonic() - began
            connection = client.connection_pool.get_connection()
            connection.send_command("BLPOP", "list", "0")
            time.sleep(0.1)
            began = time.monotonic()
            near.rpush("list", "v")
            popped = connection.read_response()
            waited = time.monotonic() - began
            client.connection_pool.release(connection)

    assert took >= 0.05
    assert (popped, waited >= 0.05) == ([b"list", b"v"], True)


@needs_redis
def test_redis_proxy_waits_for_the_whole_pipeline(tmp_path, start):
    """What a client sends before it reads an answer is one round trip."""
    with empty_redis(tmp_path) as redis_url:
        port = redis_url.rpartition(":")[2].removesuffix("/0")
        proxy = start("bench.load.redis_proxy", port, "1000")
        with socket.create_connection(("127.0.0.1", proxy.port), 30) as connection:
            for _ in range(3):
                connection.sendall(b"PING\r\n")
                time.sleep(0.6)  # shorter than the delay, longer in all
            answers = b""
            while len(answers) < 3 * len(b"+PONG\r\n"):
                answers += connection.recv(100)

    assert answers == b"+PONG\r\n" * 3
    assert proxy.order() == 1


def test_bucket_is_what_the_config_service_needs(tmp_path, start, monkeypatch):
    """Listings of several pages, objects, and no overwriting; requests are counted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "nobody")
    bucket = start("bench.load.bucket", "1")
    ids = [f"wx{number:04}" for number in range(TWO_PAGES)]
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({f"p/apps/{each}/1.json": "{}" for each in ids}))
    assert bucket.order(fill=str(file)) == TWO_PAGES
    store = BucketStore("s3://documents/p", endpoint=bucket.url)

    assert store.ids("apps") == ids
    assert bucket.order() == 2
    store.create("clients/demo", 1, b'{"name": "Demo"}')
    with pytest.raises(VersionExists):
        store.create("clients/demo", 1, b"other")
    assert store.read("clients/demo", 1) == b'{"name": "Demo"}'
    assert (store.ids("clients"), store.ids("apps")) == (["demo"], ids)
    with pytest.raises(FileNotFoundError):
        store.read("clients/demo", 2)


@needs_redis
def test_many_documents_are_found(monkeypatch):
    """A gateway with a bucket reads the documents, from the copies in Redis."""
    with open_testbed() as testbed:
        documents = ManyDocuments(testbed)
        documents.write("apps", testbed.redis_url, apps(3))
        settings = documents.settings("apps", testbed.redis_url)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        gateway = Gateway(settings_from(os.environ))
        names = [name.partition("/")[2] for name in apps(3)]
        found = [gateway.registry.app(name) for name in names]
        requests = documents.bucket.order()
        listed = [each.appid for each in gateway.registry.apps()]

    assert [each.secret for each in found] == ["f" * 32] * 3
    assert requests == 0
    assert listed == names


def test_cpu_and_memory_of_a_server(tmp_path):
    """CPU grows with work, memory with allocation; the peak stays until it is reset."""
    program = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(f"ready http://127.0.0.1:{server.getsockname()[1]}", flush=True)
connection, _ = server.accept()
while size := int(connection.recv(100)):
    b"x" * size
    connection.sendall(b"done")
"""
    with (
        open_server([sys.executable, "-c", program], {}, tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), 30) as connection,
    ):

        def allocate(size):
            connection.sendall(str(size).encode())
            assert connection.recv(4) == b"done"

        allocate(1)
        server.reset_peak()
        idle, cpu = server.memory(), server.cpu()
        allocate(50_000_000)
        peak = server.peak()
        worked = server.cpu() - cpu
        server.reset_peak()
        after = server.peak()

    assert 45e6 < peak - idle < 60e6
    assert 0 < worked < 30
    assert after - idle < 20e6


def test_a_server_that_does_not_start_is_reported(tmp_path):
    """The last line of the output names the reason."""
    with (
        pytest.raises(CannotStart, match="KeyError: 'nobody'"),
        open_module(tmp_path, {}, "bench.load.forwarders", "nobody", "http://x"),
    ):
        pass
