"""The transport with a hostile server: time, memory, no confusion of answers."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import AnswerTooLarge, WeChatTimeout, WeChatUnavailable
from runtime.upstream.http1 import LARGEST_ANSWER
from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import RawServer, make_answer, send_and_close

OK = b"HTTP/1.1 200 OK\r\n"
BRIEF = 0.3


def exchange(server, *, target="/x", transport=None, method="GET", body=None):
    return (transport or pooled_transport())(
        method, server.url + target, headers={}, body=body, seconds=BRIEF
    )


def drip(*pieces):
    """Return an endless answer, each piece well within any timeout of a socket."""

    def answer(connection):
        for piece in itertools.chain(pieces[:-1], itertools.repeat(pieces[-1])):
            connection.sendall(piece)
            threading.Event().wait(0.02)

    return answer


@pytest.fixture(scope="module")
def echo():
    """A server that answers every request, and a transport for it."""
    with RawServer(make_answer()) as server:
        yield server, pooled_transport()


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60))
def test_the_target_goes_up_as_it_is(echo, query):
    """Order and bytes of the query: no case is changed, nothing encoded or cut."""
    server, transport = echo
    exchange(server, target=f"/cgi-bin/x?{query}", transport=transport)

    head, _ = server.requests[-1]
    assert head.splitlines()[0] == f"GET /cgi-bin/x?{query} HTTP/1.1"


@pytest.mark.parametrize("query", ["a=%2f%2F", "a=%", "a=%zz&b=/../", "a#b", "//h?@:"])
def test_a_target_that_others_would_change(echo, query):
    """What looks odd may be meant so."""
    test_the_target_goes_up_as_it_is.hypothesis.inner_test(echo, query)


SLOW = {
    "status": drip(b"H", b"T"),
    "headers": drip(OK, b"X-A: 1\r\n"),
    "one header": drip(OK + b"X-A: ", b"1"),
    "continue": drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"),
    "chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk size": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_an_answer_has_one_time_for_all_of_it(answer):
    """However slowly it comes, the deadline ends it."""
    began = time.monotonic()
    with RawServer(answer) as server, pytest.raises(WeChatTimeout):
        exchange(server)

    assert BRIEF <= time.monotonic() - began < 10 * BRIEF


class DeafServer(RawServer):
    """Accepts connections and reads nothing."""

    def converse(self, connection, reader):
        threading.Event().wait(3 * BRIEF)


def test_a_server_that_does_not_read():
    """A body it will not take holds nobody longer than the deadline."""
    began = time.monotonic()
    with DeafServer() as server, pytest.raises(WeChatTimeout):
        exchange(server, method="POST", body=b"x" * 32 * 1024 * 1024)

    assert time.monotonic() - began < 10 * BRIEF


CUT = [OK, OK[:-2], OK + b"Content-Type: a", OK + b"Content-Type: a\r\n", b"HTTP/1.1 2"]


@pytest.mark.parametrize("head", CUT)
def test_an_answer_that_is_cut_inside_its_headers(head):
    """It is no empty 200."""
    with RawServer(send_and_close(head)) as server, pytest.raises(WeChatUnavailable):
        exchange(server)


@pytest.mark.parametrize("status", [101, 102, 103, 199, 600, 999])
def test_a_status_that_ends_nothing(status):
    """It is refused, and what follows it is not the answer to the next request."""
    transport = pooled_transport()
    evil = f"HTTP/1.1 {status} Odd\r\n\r\n".encode() + make_answer(b"evil")
    with RawServer(evil, make_answer(b"good")) as server:
        with pytest.raises(WeChatUnavailable):
            exchange(server, transport=transport)

        assert b"good" == exchange(server, transport=transport).body


def test_an_interim_answer_is_passed_over():
    """100 comes before the answer and is skipped."""
    with RawServer(b"HTTP/1.1 100 Continue\r\n\r\n" + make_answer(b"1")) as server:
        assert b"1" == exchange(server).body


@pytest.mark.parametrize("size", [1, 20_000])
def test_a_surplus_answer(size):
    """Bytes that follow an answer on its connection are discarded."""
    transport = pooled_transport()
    twice = make_answer(b"1") + make_answer(b"e" * size)
    with RawServer(twice, make_answer(b"2")) as server:
        first = exchange(server, transport=transport).body
        threading.Event().wait(0.05)
        second = exchange(server, transport=transport).body

    assert (b"1", b"2") == (first, second)


def test_an_answer_before_the_body_was_read():
    """A refusal of a large body reaches the caller where the network lets it."""
    refusal = make_answer(b"too large", status="413 Payload Too Large")
    with RawServer(refusal) as server:
        answer = exchange(server, method="POST", body=b"x" * 1000)

    assert (413, b"too large") == (answer.status, answer.body)


CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


def flood(head, piece):
    def answer(connection):
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


TOO_LARGE = {
    "announced": send_and_close(
        OK + f"Content-Length: {LARGEST_ANSWER + 1}\r\n\r\n".encode()
    ),
    "announced beyond measure": send_and_close(
        OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"
    ),
    "chunks": flood(OK + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "until close": flood(OK + b"\r\n", CHUNK),
}


@pytest.mark.parametrize("answer", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_answer_that_is_too_large(answer):
    """A clear error, and no more memory than the largest answer needs."""
    transport = pooled_transport()
    tracemalloc.start()
    try:
        with RawServer(answer) as server, pytest.raises(AnswerTooLarge):
            transport("GET", server.url, headers={}, body=None, seconds=30.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * LARGEST_ANSWER


def test_the_largest_answer_comes():
    """To the byte."""
    body = b"x" * LARGEST_ANSWER
    with RawServer(make_answer(body)) as server:
        answer = pooled_transport()(
            "GET", server.url, headers={}, body=None, seconds=30.0
        )

    assert body == answer.body


def test_a_head_without_limits():
    """A hundred headers and a line of 64 KB are all that is read."""
    for head in (b"X-A: 1\r\n" * 200, b"X-A: " + b"1" * 70_000 + b"\r\n"):
        with RawServer(OK + head + b"\r\n") as server:
            with pytest.raises(WeChatUnavailable) as caught:
                exchange(server)

            assert caught.type is WeChatUnavailable
