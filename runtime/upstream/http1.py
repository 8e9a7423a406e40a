"""HTTP/1.1 answers, read strictly from a connection.

    HTTP/1.1 200 OK CRLF
    name: value CRLF
    CRLF
    body: so many bytes, chunks, or all until the connection ends

An answer that could be read in two ways is refused with WeChatUnavailable: a bare CR or
LF, a folded line, a space before a colon, two lengths, a length beside chunks, a body
that is cut short. Otherwise bytes of one answer might pass for another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from socket import socket

from runtime.errors import AnswerTooLarge, WeChatUnavailable
from runtime.web.messages import Headers

LARGEST_HEAD = 64 * 1024
"""Bytes, all lines together."""

MOST_HEADERS = 100

LARGEST_ANSWER = 6 * 1024 * 1024
"""Bytes of an answer that is read whole; Function Compute carries no larger one."""

_LARGEST_LINE = 8 * 1024
"""Bytes of a chunk's size and extensions, or of a trailer."""

_BODILESS = (204, 304)
"""Statuses without a body; a server that sends one all the same is out of step."""

_PIECE = 64 * 1024

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?")

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")

_LENGTH = re.compile(r"[0-9]{1,100}")

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;[^\r\n\0]*)?")


@dataclass(frozen=True, slots=True)
class Head:
    """Status, headers as they came, and where the body ends.

    It ends after `length` bytes, with its last chunk, or with the connection;
    `is_last` tells that no other answer may follow on this connection.
    """

    status: int
    headers: Headers = field(repr=False)
    length: int | None
    chunked: bool
    is_last: bool


def read_head(incoming: Incoming) -> Head:
    """Return the head of the answer."""
    head = _next_head(incoming)
    while head.status == 100:
        # Nobody asked for it: whoever sent it may send another one later.
        head = replace(_next_head(incoming), is_last=True)
    # After any other 1xx an answer would follow, and seem to be the next request's.
    if not 200 <= head.status <= 599:
        raise WeChatUnavailable
    return head


def read_body(incoming: Incoming, head: Head) -> bytes:
    """Return the body; AnswerTooLarge beyond LARGEST_ANSWER."""
    return b"".join(body_pieces(incoming, head, most=LARGEST_ANSWER))


def body_pieces(
    incoming: Incoming, head: Head, *, most: int | None = None
) -> Iterator[bytes]:
    """Yield the body as it comes; AnswerTooLarge if it has more than `most` bytes."""
    size = 0
    if most is not None and (head.length or 0) > most:
        raise AnswerTooLarge
    if head.chunked:
        pieces = _chunks(incoming, most=most)
    elif head.length is None:
        pieces = iter(partial(incoming.some, _PIECE), b"")
    else:
        pieces = _of_length(incoming, head.length)
    for piece in pieces:
        size += len(piece)
        if most is not None and size > most:
            raise AnswerTooLarge
        yield piece


class Incoming:
    """The bytes of one answer; TimeoutError as soon as no time is `remaining()`.

    A socket's own timeout is for each piece, so that an answer which comes byte by
    byte would never end. WeChatUnavailable if the connection ends too early.
    """

    def __init__(self, sock: socket, *, remaining: Callable[[], float]) -> None:
        self._sock = sock
        self._remaining = remaining
        self._buffer = bytearray()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing has come beyond what was taken."""
        return not self._buffer

    def until(self, end: bytes, *, most: int) -> bytes:
        """Take the bytes before this end, and the end; at most `most` bytes."""
        seen = 0
        while (at := self._buffer.find(end, seen, most + len(end))) < 0:
            if len(self._buffer) >= most + len(end):
                raise WeChatUnavailable
            seen = max(0, len(self._buffer) - len(end) + 1)
            self._need_more()
        return self._take(at + len(end))[:at]

    def exactly(self, size: int) -> bytes:
        """Take this many bytes."""
        while len(self._buffer) < size:
            self._need_more()
        return self._take(size)

    def rest(self, *, most: int) -> bytes:
        """Take all bytes until the connection ends, or a little more than `most`."""
        while len(self._buffer) <= most and self._more():
            pass
        return self._take(len(self._buffer))

    def some(self, most: int) -> bytes:
        """Take what has come, at most `most` bytes; b"" if the connection has ended."""
        if self._buffer or self._more():
            return self._take(min(most, len(self._buffer)))
        return b""

    def new_deadline(self, remaining: Callable[[], float]) -> None:
        """Go on with another deadline."""
        self._remaining = remaining

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _need_more(self) -> None:
        if not self._more():
            raise WeChatUnavailable

    def _more(self) -> bool:
        self._sock.settimeout(self._remaining())
        piece = self._sock.recv(_PIECE)
        self._buffer += piece
        return bool(piece)


def _next_head(incoming: Incoming) -> Head:
    text = incoming.until(b"\r\n\r\n", most=LARGEST_HEAD).decode("latin-1")
    first, *lines = text.split("\r\n")
    line = _STATUS.fullmatch(first)
    if line is None or len(lines) > MOST_HEADERS:
        raise WeChatUnavailable
    headers = tuple(map(_header, lines))
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        values[name.lower()].append(value)
    status = int(line[2])
    length, chunked = _framing(status, values)
    closes = line[1] == "0" or "close" in ",".join(values["connection"]).lower()
    bodiless = status in _BODILESS
    is_last = closes or bodiless or not (chunked or length is not None)
    return Head(status, headers, length, chunked, is_last)


def _header(line: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise WeChatUnavailable
    return match[1], match[2].strip(" \t")


def _framing(
    status: int, values: Mapping[str, Sequence[str]]
) -> tuple[int | None, bool]:
    lengths, codings = values["content-length"], values["transfer-encoding"]
    bodiless = status in _BODILESS
    if len(lengths) + len(codings) > 1 or (bodiless and codings):
        raise WeChatUnavailable
    if bodiless:
        return 0, False
    if codings and codings[0].lower() == "chunked":
        return None, True
    if lengths and _LENGTH.fullmatch(lengths[0]):
        return int(lengths[0]), False
    if lengths or codings:
        raise WeChatUnavailable
    return None, False


def _of_length(incoming: Incoming, left: int) -> Iterator[bytes]:
    while left:
        piece = incoming.some(min(left, _PIECE))
        if not piece:
            raise WeChatUnavailable
        left -= len(piece)
        yield piece


def _chunks(incoming: Incoming, *, most: int | None) -> Iterator[bytes]:
    announced = 0
    while size := _chunk_size(incoming):
        announced += size
        if most is not None and announced > most:
            raise AnswerTooLarge
        yield from _of_length(incoming, size)
        if incoming.exactly(2) != b"\r\n":
            raise WeChatUnavailable
    for _ in range(MOST_HEADERS + 1):
        trailer = incoming.until(b"\r\n", most=_LARGEST_LINE).decode("latin-1")
        if not trailer:
            return
        _header(trailer)
    raise WeChatUnavailable


def _chunk_size(incoming: Incoming) -> int:
    match = _CHUNK_SIZE.fullmatch(incoming.until(b"\r\n", most=_LARGEST_LINE))
    if match is None:
        raise WeChatUnavailable
    return int(match[1], 16)
