"""One request, one answer: no bytes of the one before or after belong to it."""

from __future__ import annotations

import threading

import pytest

from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import RawServer, make_answer

LAST = {
    "said so": (b"Connection: Keep-Alive, Close\r\n", b"HTTP/1.1 200 OK\r\n"),
    "of an older version": (b"Connection: keep-alive\r\n", b"HTTP/1.0 200 OK\r\n"),
}


@pytest.mark.parametrize(("line", "first"), LAST.values(), ids=LAST)
def test_the_last_answer_of_a_connection(line, first):
    """The next request opens another."""
    transport = pooled_transport()
    with RawServer(first + line + b"Content-Length: 2\r\n\r\n{}") as server:
        for _ in range(2):
            transport("GET", server.url, headers={}, body=None, seconds=5.0)

    assert 2 == server.connections


@pytest.mark.parametrize("more", [b"\n", make_answer(b"evil"), make_answer()[:9]])
def test_bytes_behind_an_answer(more):
    """Even if all bytes so far were read: later ones may belong to that answer."""
    transport = pooled_transport()
    with RawServer(make_answer(b"1") + more, make_answer(b"2")) as server:
        first = transport("GET", server.url, headers={}, body=None, seconds=5.0)
        second = transport("GET", server.url, headers={}, body=None, seconds=5.0)

    assert (b"1", b"2") == (first.body, second.body)
    assert 2 == server.connections


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_body_where_none_belongs(status):
    """It is discarded, and so is what follows on that connection."""
    transport = pooled_transport()
    with RawServer(make_answer(b"evil", status=status), make_answer(b"2")) as server:
        first = transport("GET", server.url, headers={}, body=None, seconds=5.0)
        threading.Event().wait(0.05)
        second = transport("GET", server.url, headers={}, body=None, seconds=5.0)

    assert (b"", b"2") == (first.body, second.body)


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", "/x HTTP/1.1\r\nX: 1\r\n\r\nGET /y", {}),
        ("GET", "/x y", {}),
        ("GET", "/\x00", {}),
        ("GET", "/\u4e2d", {}),
        ("GET /y HTTP/1.1\r\n\r\nGET", "/x", {}),
        ("GET", "/x", {"X": "1\r\nY: 2"}),
        ("GET", "/x", {"X": "1\n2"}),
        ("GET", "/x", {"X\r\nY": "1"}),
        ("GET", "/x", {"X": "\u4e2d"}),
    ],
)
def test_a_request_that_would_be_two(method, target, headers):
    """It is never sent; the error is ours, and shows no secret."""
    transport, told = pooled_transport(), r"^a request's head cannot hold this$"
    with RawServer(make_answer()) as server, pytest.raises(ValueError, match=told):
        transport(method, server.url + target, headers=headers, body=None, seconds=5.0)

    assert 0 == server.connections
