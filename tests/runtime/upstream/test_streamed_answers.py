"""Answers of any size: the beginning is held, the rest comes as it is read."""

from __future__ import annotations

import threading
import time
import tracemalloc

import pytest

from runtime.errors import AnswerTooLarge, WeChatTimeout, WeChatUnavailable
from runtime.upstream import transport as transport_module
from runtime.upstream.connections import Connections, Lent
from runtime.upstream.transport import HELD, HELD_OF_FILE, pooled_transport
from tests.support.raw_server import RawServer, make_answer, send_and_close

MB = 1024 * 1024
IMAGE = ("Content-Type: image/jpeg",)
TEXT = ("Content-Type: text/plain",)
CHUNK = b"%x\r\n" % MB + bytes(MB) + b"\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def ask(server, transport=None):
    transport = transport or pooled_transport(streams=True)
    return transport("GET", server.url, headers={}, body=None, seconds=20.0)


@pytest.mark.parametrize(("headers", "held"), [(TEXT, HELD), (IMAGE, HELD_OF_FILE)])
def test_the_beginning_is_held(headers, held):
    """Text up to 1 MB, of a file less; a smaller answer comes whole."""
    answers = [
        make_answer(bytes(size), headers=headers) for size in (held, held + 200_000)
    ]
    with RawServer(*answers) as server:
        small, large = ask(server), ask(server)
        begin = len(large.body)
        rest = b"".join(large.rest)

    assert (held, None) == (len(small.body), small.rest)
    assert held < begin <= held + 65536
    assert begin + len(rest) == held + 200_000 == large.length


@pytest.mark.parametrize(
    "answer",
    [
        make_answer(bytes(30 * MB)),
        CHUNKED + CHUNK * 30 + b"0\r\n\r\n",
        send_and_close(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(30 * MB)),
    ],
    ids=["with a length", "in chunks", "until the end"],
)
def test_thirty_megabytes_take_little_memory(answer):
    """In each of the three framings."""
    with RawServer(answer) as server:
        tracemalloc.start()
        try:
            told = ask(server)
            size = len(told.body) + sum(map(len, told.rest))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 30 * MB == size
    assert peak < 8 * MB


@pytest.mark.parametrize("is_read", [True, False])
def test_a_connection_is_kept_after_the_last_byte_only(is_read):
    """Closed before, its bytes would be another call's answer."""
    transport = pooled_transport(streams=True)
    with RawServer(make_answer(bytes(3 * MB)), make_answer(b"2")) as server:
        first = ask(server, transport)
        if is_read:
            assert 3 * MB == len(first.whole().body)
        first.close()
        first.close()
        assert b"2" == ask(server, transport).body

    assert server.connections == (1 if is_read else 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + bytes(8_999_999),
        CHUNKED + CHUNK * 3,
        CHUNKED + CHUNK * 3 + b"zz\r\n",
    ],
    ids=["a length", "chunks", "a bad chunk"],
)
def test_a_rest_that_is_cut_short_is_an_error(answer):
    """Never a clean end."""
    with RawServer(send_and_close(answer)) as server:
        told = ask(server)
        with pytest.raises(WeChatUnavailable):
            list(told.rest)
        assert [] == list(told.rest)


def test_each_piece_has_its_own_time(monkeypatch):
    """An upstream that stops is given up; one that is slow in all is not."""
    monkeypatch.setattr(transport_module, "PIECE_SECONDS", 0.5)
    released = threading.Event()

    def slow(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n")
        connection.sendall(b"Content-Type: image/png\r\n\r\n" + bytes(100_000))
        for _ in range(8):
            released.wait(0.2)
            connection.sendall(bytes(1000))
        released.wait(60)

    transport = pooled_transport(streams=True)
    with RawServer(slow) as server:
        told = transport("GET", server.url, headers={}, body=None, seconds=1.0)
        read = len(told.body)
        while read < 108_000:
            read += len(next(told.rest))
        with pytest.raises(WeChatTimeout):
            next(told.rest)
        released.set()

    assert told.rest.is_over


@pytest.mark.parametrize("length", [True, False])
def test_whole_is_at_most_six_megabytes(length):
    """As Function Compute carries; the connection is closed."""
    body = bytes(6 * MB + 1)
    chunks = CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    with RawServer(make_answer(body) if length else chunks) as server:
        told = ask(server)
        with pytest.raises(AnswerTooLarge):
            told.whole()
        assert told.rest.is_over
    with RawServer(make_answer(body[1:])) as server:
        assert 6 * MB == len(ask(server).whole().body)


def test_the_reader_closes_a_connection_that_another_thread_ends():
    """Closed under the reader, its number could be another connection's by then."""
    stalled = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + bytes(2 * MB)
    closers, failures, left = [], [], threading.Event()

    class Watched(Lent):
        def close(self):
            closers.append(threading.current_thread())
            super().close()

    class Watching(Connections):
        def lend(self, origin, **more):
            lent = super().lend(origin, **more)
            return Watched(lent.socket, lambda _: lent.give_back())

    def stall(connection):
        connection.sendall(stalled)
        left.wait(10)

    def read(rest):
        try:
            list(rest)
        except WeChatUnavailable as error:
            failures.append(error)

    with RawServer(stall) as server:
        connections = Watching(time.monotonic)
        rest = ask(server, pooled_transport(connections=connections, streams=True)).rest
        reader = threading.Thread(target=read, args=(rest,))
        reader.start()
        time.sleep(0.3)  # until it waits for what never comes
        rest.close()
        reader.join(10)
        left.set()

    assert ([reader], 1) == (closers, len(failures))
