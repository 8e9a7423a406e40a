"""Compressed answers, which nobody asked for: decoded, or refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from runtime.errors import AnswerTooLarge, WeChatUnavailable
from runtime.upstream.transport import pooled_transport
from tests.support.raw_server import RawServer, make_answer

MB = 1024 * 1024
TEXT = b'{"errcode":40001,"errmsg":"invalid credential"}'


def ask(server, *, streams=False):
    transport = pooled_transport(streams=streams)
    return transport("GET", server.url, headers={}, body=None, seconds=20.0)


def encoded(body, coding):
    return make_answer(body, headers=[f"Content-Encoding: {coding}", "X-A: 1"])


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("identity", TEXT),
    ],
    ids=["gzip", "upper case", "x-gzip", "deflate", "identity"],
)
def test_text_is_decoded(coding, body):
    """Its errcode is seen, and it is passed on as it is without the coding."""
    with RawServer(encoded(body, coding)) as server:
        answer = ask(server)
    head = server.requests[0][0]

    assert "Accept-Encoding: identity" in head.splitlines()
    assert (TEXT, 40001) == (answer.body, answer.errcode)
    if coding != "identity":
        assert (("X-A", "1"),) == answer.headers


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", TEXT),
        ("zstd", TEXT),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("gzip", TEXT),
        ("gzip", gzip.compress(TEXT)[:-1]),
        ("gzip", gzip.compress(TEXT)[:12]),
        ("gzip", gzip.compress(TEXT) + b"x"),
        ("gzip", gzip.compress(TEXT) * 2),
        ("gzip", gzip.compress(TEXT)[:-5] + b"\0\0\0\0\0"),
        ("deflate", zlib.compress(TEXT)[2:-4]),
    ],
    ids=range(10),
)
def test_what_cannot_be_searched_is_refused(coding, body):
    """Another coding, two, damaged data, data that is cut short or goes on."""
    with RawServer(encoded(body, coding)) as server, pytest.raises(WeChatUnavailable):
        ask(server)


def test_no_body_needs_no_decoder():
    """As to a 304, or where the length is 0."""
    with RawServer(encoded(b"", "gzip")) as server:
        assert b"" == ask(server).body


def test_a_bomb_takes_little_memory():
    """Of 300 MB in 300 kB only pieces are in memory; read whole, it is too large."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([packer.compress(bytes(MB)) for _ in range(300)] + [packer.flush()])
    with RawServer(encoded(bomb, "gzip")) as server:
        with pytest.raises(AnswerTooLarge):
            ask(server)
        tracemalloc.start()
        try:
            answer = ask(server, streams=True)
            size = len(answer.body) + sum(map(len, answer.rest))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 300 * MB == size
    assert answer.length is None
    assert peak < 8 * MB
