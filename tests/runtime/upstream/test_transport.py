"""The transport with a real server: bytes as they come, persistent connections."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.upstream.answer import Answer
from runtime.upstream.connections import TRUSTED_SECONDS
from runtime.upstream.transport import pooled_transport
from runtime.wechat.api import WeChat
from tests.support.raw_server import RawServer, make_answer, send_and_close

TARGET = "/cgi-bin/token?appid=a&secret=b"


def exchange(server, *, transport=None):
    return (transport or pooled_transport())(
        "GET", server.url + TARGET, headers={}, body=None, seconds=5.0
    )


ANSWERS = {
    "json": (make_answer(b'{"a":1}'), 200, b'{"a":1}'),
    "html": (make_answer(b"<html>", status="502 Bad Gateway"), 502, b"<html>"),
    "412": (
        make_answer(b"no length", status="412 Precondition Failed"),
        412,
        b"no length",
    ),
    "empty": (make_answer(b""), 200, b""),
    "binary": (make_answer(bytes(range(256)) * 4096), 200, bytes(range(256)) * 4096),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'3\r\n{"a\r\n5;x=y\r\n":1} \r\n0\r\n\r\n',
        200,
        b'{"a":1} ',
    ),
    "until-close": (send_and_close(b"HTTP/1.0 200 OK\r\n\r\n{}"), 200, b"{}"),
}


@pytest.mark.parametrize(("answer", "status", "body"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_comes_as_it_is(answer, status, body):
    """Status and bytes reach the caller, whatever they mean and however they came."""
    with RawServer(answer) as server:
        actual = exchange(server)

    assert (status, body) == (actual.status, actual.body)


def test_headers_come_as_pairs():
    """A header that comes twice is there twice."""
    headers = ("X-A: 1", "X-A: 2")
    with RawServer(make_answer(b"{}", headers=headers)) as server:
        actual = exchange(server)

    expected = (("X-A", "1"), ("X-A", "2"), ("Content-Length", "2"))
    assert Answer(200, expected, b"{}") == actual


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary"])
def test_a_redirect_is_not_followed(status):
    """A redirect would carry the secret away: it is an answer like any other."""
    with RawServer(make_answer(b"")) as other:
        answer = make_answer(b"", status=status, headers=(f"Location: {other.url}/x",))
        with RawServer(answer) as server:
            actual = exchange(server)

    assert int(status[:3]) == actual.status
    assert [] == other.requests
    assert 1 == len(server.requests)


KEPT = ["json", "html", "empty", "binary", "chunked"]


@pytest.mark.parametrize("name", KEPT)
def test_connections_are_kept(name):
    """Ten requests, one after the other, use one connection."""
    transport = pooled_transport()
    answer, _, body = ANSWERS[name]
    with RawServer(answer) as server:
        for _ in range(10):
            assert body == exchange(server, transport=transport).body

    assert (1, 10) == (server.connections, len(server.requests))


def test_threads_use_connections_of_their_own():
    """Eight threads at once need eight connections, and later requests no more."""
    gate = threading.Barrier(8)

    def meet(connection):
        gate.wait(10)
        connection.sendall(make_answer())

    transport = pooled_transport()
    with RawServer(meet) as server, ThreadPoolExecutor(8) as threads:
        answers = [
            threads.submit(exchange, server, transport=transport) for _ in range(8)
        ]
        assert [b"{}"] * 8 == [each.result(10).body for each in answers]

    assert 8 == server.connections


def test_a_connection_that_was_closed_meanwhile():
    """A dropped connection is noticed, and another one opened."""
    transport = pooled_transport()
    with RawServer(make_answer()) as server:
        exchange(server, transport=transport)
        server.drop_connections()
        threading.Event().wait(0.05)

        assert b"{}" == exchange(server, transport=transport).body
        assert 2 == server.connections


@pytest.mark.parametrize(("idle", "connections"), [(0.1, 1), (1.1, 2)])
def test_an_idle_connection_is_not_trusted(idle, connections):
    """After a pause, in which FC may have frozen the process, a new one is opened."""
    now = [0.0]
    transport = pooled_transport(clock=lambda: now[0])
    with RawServer(make_answer()) as server:
        exchange(server, transport=transport)
        now[0] += idle * TRUSTED_SECONDS
        exchange(server, transport=transport)

    assert connections == server.connections


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("body", [None, b"", b"{}", b"x" * 100_000])
def test_a_content_length_always_goes_up(method, body):
    """WeChat answers 412 to anything else: no chunks."""
    with RawServer(make_answer()) as server:
        wechat = WeChat(server.url, pooled_transport(), seconds=5.0)
        wechat.send(method, "/cgi-bin/x?a=%2F", body=body)
    ((head, sent),) = server.requests

    assert f"{method} /cgi-bin/x?a=%2F HTTP/1.1" == head.splitlines()[0]
    assert f"content-length: {len(body or b'')}" in head.lower().splitlines()
    assert "transfer-encoding" not in head.lower()
    assert (body or b"") == sent


def test_a_get_has_no_body():
    """A GET is sent with our User-Agent, the caller's headers, and no body."""
    with RawServer(make_answer()) as server:
        wechat = WeChat(server.url, pooled_transport(), seconds=5.0)
        wechat.send("GET", "/cgi-bin/x", headers={"Accept": "a/b"})
    ((head, sent),) = server.requests

    lines = head.splitlines()
    assert "User-Agent: wechat-gateway" in lines
    assert "Accept: a/b" in lines
    assert not [line for line in lines if line.lower().startswith("content-")]
    assert b"" == sent
