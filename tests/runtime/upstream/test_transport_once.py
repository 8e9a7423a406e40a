"""One request, one answer: no bytes of the one before or after belong to it."""

from __future__ import annotations

import threading

import pytest

from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import RawServer, make_answer, read_head

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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_that_a_server_may_ignore_has_a_connection_of_its_own(method):
    """The beginning of a request that it smuggles is completed by nobody's."""
    transport = pooled_transport()
    smuggled = b"POST /cgi-bin/message/custom/send HTTP/1.1\r\nX: "
    with IgnoringServer(make_answer(b"")) as server:
        transport("GET", server.url, headers={}, body=None, seconds=5.0)
        transport(method, server.url, headers={}, body=smuggled, seconds=5.0)
        transport("POST", f"{server.url}/ours", headers={}, body=b"", seconds=5.0)

    # The smuggled beginning, cut by the end of its connection, may come after ours.
    assert 2 == server.connections
    assert any(each.startswith(b"POST /ours ") for each in server.requests)
    assert not any(smuggled in each and b"/ours" in each for each in server.requests)


class IgnoringServer(RawServer):
    """A server that takes the body of a GET for the next request (CL.0)."""

    def converse(self, connection, reader):
        while head := read_head(reader):
            self.requests.append(head)
            connection.sendall(self.answers[0])


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + make_answer(b""),
    ],
    ids=["204", "304", "100"],
)
def test_a_connection_that_may_be_out_of_step_is_not_kept(first):
    """Bytes that come later would be the next caller's answer."""
    transport = pooled_transport()
    with RawServer(first) as server:
        for _ in range(2):
            transport("GET", server.url, headers={}, body=None, seconds=5.0)

    assert 2 == server.connections
