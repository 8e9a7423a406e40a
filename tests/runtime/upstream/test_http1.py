"""HTTP/1.1 answers: read in one way only, or refused."""

from __future__ import annotations

import http.client
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import AnswerTooLarge, WeChatUnavailable
from runtime.upstream.http1 import (
    LARGEST_HEAD,
    MOST_HEADERS,
    Incoming,
    read_body,
    read_head,
)

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Content-Length: 2\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Wire:
    """A connection that brings these bytes, in pieces of this size."""

    def __init__(self, sent, *, piece=1 << 16):
        self.left, self.piece = sent, piece

    def settimeout(self, seconds):
        assert 0 < seconds

    def recv(self, most):
        size = min(most, self.piece)
        piece, self.left = self.left[:size], self.left[size:]
        return piece


def read(sent, *, piece=1 << 16):
    """Return status, headers and body, and how many bytes were left over."""
    wire = Wire(sent, piece=piece)
    incoming = Incoming(wire, remaining=lambda: 1.0)
    head = read_head(incoming)
    body = read_body(incoming, head)
    return head.status, head.headers, body, len(incoming.rest(most=1 << 20))


HEADS = {
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n",
    "a bare line feed": OK + b"X: 1\nContent-Length: 2\r\n\r\n",
    "a bare line feed at the end": PLAIN + b"X: 1\n\r\n\r\n",
    "a bare carriage return": PLAIN + b"X: 1\rY: 2\r\n\r\n",
    "a NUL": PLAIN + b"X: 1\0\r\n\r\n",
    "a NUL in a name": PLAIN + b"X\0: 1\r\n\r\n",
    "a folded line": PLAIN + b"X: 1\r\n 2\r\n\r\n",
    "a line folded by a tab": PLAIN + b"X: 1\r\n\tY: 2\r\n\r\n",
    "a folded first line": OK + b" X: 1\r\nContent-Length: 2\r\n\r\n",
    "a space before the colon": OK + b"Content-Length : 2\r\n\r\n",
    "no colon": PLAIN + b"odd\r\n\r\n",
    "no name": PLAIN + b": 1\r\n\r\n",
    "a name of two words": PLAIN + b"a b: 1\r\n\r\n",
    "a control character": PLAIN + b"X: \x1b[2J\r\n\r\n",
    "a control character as reason": b"HTTP/1.1 200 \x07\r\nContent-Length: 2\r\n\r\n",
    "another version": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n",
    "a version of its own": b"HTTP/1.10 200 OK\r\nContent-Length: 2\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n",
    "two lengths": PLAIN + b"Content-Length: 1\r\n\r\n",
    "one length twice": PLAIN + b"content-length: 2\r\n\r\n",
    "a list of lengths": OK + b"Content-Length: 2, 2\r\n\r\n",
    "a length with a sign": OK + b"Content-Length: +2\r\n\r\n",
    "a length below nothing": OK + b"Content-Length: -2\r\n\r\n",
    "a length with a line": OK + b"Content-Length: 0_2\r\n\r\n",
    "a length in another script": OK + b"Content-Length: \xb2\r\n\r\n",
    "a length in hex": OK + b"Content-Length: 0x2\r\n\r\n",
    "no length": OK + b"Content-Length:\r\n\r\n",
    "a length of a thousand digits": OK + b"Content-Length: " + b"0" * 1000 + b"2\r\n",
    "length and chunks": PLAIN + b"Transfer-Encoding: chunked\r\n\r\n",
    "chunks and length": OK
    + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
    "another coding": OK + b"Transfer-Encoding: gzip\r\n\r\n",
    "two codings": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n",
    "chunked and something": OK + b"Transfer-Encoding: chunked\x0b\r\n\r\n",
    "chunks where no body belongs": CHUNKED.replace(b"200 OK", b"204 No"),
    "too many headers": PLAIN + b"X: 1\r\n" * MOST_HEADERS + b"\r\n",
    "too large a head": PLAIN + b"X: " + b"1" * LARGEST_HEAD + b"\r\n\r\n",
}


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_that_can_be_read_in_two_ways(head, piece):
    """It is refused, whatever body follows and in whatever pieces it comes."""
    with pytest.raises(WeChatUnavailable) as caught:
        read(head + b"{}\r\n0\r\n\r\n", piece=piece)

    assert caught.type is WeChatUnavailable


CHUNKS = {
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": b"+2\r\n{}\r\n0\r\n\r\n",
    "a size below nothing": b"-2\r\n{}\r\n0\r\n\r\n",
    "a size with a prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "a size with a line": b"0_2\r\n{}\r\n0\r\n\r\n",
    "a size of many digits": b"0" * 16 + b"2\r\n{}\r\n0\r\n\r\n",
    "a size that ends by a line feed": b"2\n{}\r\n0\r\n\r\n",
    "a NUL behind the size": b"2;\0\r\n{}\r\n0\r\n\r\n",
    "a long extension": b"2;" + b"x" * 9000 + b"\r\n{}\r\n0\r\n\r\n",
    "data without its end": b"2\r\n{}0\r\n\r\n",
    "data that ends by something else": b"2\r\n{}!!0\r\n\r\n",
    "data that ends by a line feed": b"2\r\n{}\n0\r\n\r\n",
    "more data than its size": b"1\r\n{}\r\n0\r\n\r\n",
    "no last chunk": b"2\r\n{}\r\n",
    "no end of the trailers": b"2\r\n{}\r\n0\r\n",
    "a folded trailer": b"2\r\n{}\r\n0\r\nX: 1\r\n 2\r\n\r\n",
    "a line feed before a trailer": b"2\r\n{}\r\n0\r\n\nX: 1\r\n\r\n",
    "a line feed in a trailer": b"2\r\n{}\r\n0\r\nX: 1\n\r\n\r\n",
    "too many trailers": b"2\r\n{}\r\n0\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
    "a long trailer": b"2\r\n{}\r\n0\r\nX: " + b"1" * 9000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("piece", [1, 1 << 16])
@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_chunks_that_can_be_read_in_two_ways(chunks, piece):
    """They are refused, too."""
    with pytest.raises(WeChatUnavailable) as caught:
        read(CHUNKED + chunks, piece=piece)

    assert caught.type is WeChatUnavailable


def test_the_largest_size_of_a_chunk():
    """It is refused before any byte of it is read."""
    with pytest.raises(AnswerTooLarge):
        read(CHUNKED + b"f" * 16 + b"\r\n")


BEGINNINGS = (
    PLAIN + b"X-A: 1\r\nContent-Type: text/plain\r\n\r\n{}",
    CHUNKED + b'3\r\n{"a\r\n5;x=y\r\n":1} \r\n0\r\nX: y\r\n\r\n',
    b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN + b"Connection: close\r\n\r\n{}",
    b"HTTP/1.0 200 OK\r\n\r\n{}",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
)
SINGLE = [bytes([each]) for each in b"\r\n\t\0\x0b :;,+-_02a\x85\xff"]
LONGER = (b"", b"\r\n", b"X: 1\r\n", PLAIN, CHUNKED)
EDIT = st.tuples(
    st.integers(0, 200),
    st.integers(0, 2),
    st.sampled_from([*SINGLE, *LONGER]),
)


def edited(text, edits):
    """Return the text after these edits: bytes removed and inserted."""
    for place, gone, new in edits:
        place %= len(text) + 1
        text = text[:place] + new + text[place + gone :]
    # http.client takes a space behind "chunked" for a part of the word.
    return re.sub(rb"[\t ]+\r\n", b"\r\n", text)


def test_spaces_around_a_value():
    """They are not part of the value."""
    padded = OK + b"Transfer-Encoding: \t chunked \t\r\n\r\n0\r\n\r\n"

    assert (200, (("Transfer-Encoding", "chunked"),), b"", 0) == read(padded)


class Kept(io.BytesIO):
    def close(self):
        """Stay readable: the bytes that are left are read later."""


class Judge:
    """A socket for http.client."""

    def __init__(self, sent):
        self.file = Kept(sent)

    def makefile(self, mode):
        return self.file


def judged(sent):
    """Return what http.client reads, as `read` tells it."""
    judge = Judge(sent)
    response = http.client.HTTPResponse(judge)
    response.begin()
    headers = tuple((name, value.strip(" \t")) for name, value in response.getheaders())
    return response.status, headers, response.read(), len(judge.file.read())


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(BEGINNINGS),
    st.lists(EDIT, max_size=3),
    st.sampled_from([1, 5, 1 << 16]),
)
def test_what_is_taken_is_read_as_others_read_it(text, edits, piece):
    """An answer that is still accepted after some edits is the same to http.client."""
    sent = edited(text, edits)
    try:
        actual = read(sent, piece=piece)
    except (WeChatUnavailable, AnswerTooLarge):
        return

    assert judged(sent) == actual
