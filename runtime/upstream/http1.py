"""The head of an HTTP/1.1 answer, read strictly.

    HTTP/1.1 200 OK CRLF
    name: value CRLF
    CRLF

What could be read in two ways is refused: a bare CR or LF, a folded line, a name that
its colon does not follow, a length that is told twice or beside chunks. Otherwise bytes
of one answer might pass for another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from socket import socket

from runtime.errors import AnswerTooLarge, WeChatUnavailable
from runtime.web.messages import Headers

_PIECE = 64 * 1024


class Incoming:
    """One exchange's bytes; TimeoutError as soon as no time `remaining()`.

    A socket's own time-out is for each piece, so that an answer which comes byte by
    byte would never end. Where the connection ends too early: WeChatUnavailable.
    """

    def __init__(self, sock: socket, *, remaining: Callable[[], float]) -> None:
        self._sock = sock
        self._remaining = remaining
        self._here = bytearray()

    @property
    def is_empty(self) -> bool:
        """Tell that nothing came beyond what was taken."""
        return not self._here

    def until(self, end: bytes, *, most: int) -> bytes:
        """Take what comes before this end, and the end; refused beyond `most` bytes."""
        seen = 0
        while (at := self._here.find(end, seen, most + len(end))) < 0:
            if len(self._here) >= most + len(end):
                raise WeChatUnavailable
            seen = max(0, len(self._here) - len(end) + 1)
            self._need_more()
        return self._take(at + len(end))[:at]

    def exactly(self, size: int) -> bytes:
        """Take so many bytes."""
        while len(self._here) < size:
            self._need_more()
        return self._take(size)

    def rest(self, *, most: int) -> bytes:
        """Take what comes until the connection ends, or a little beyond `most`."""
        while len(self._here) <= most and self._more():
            pass
        return self._take(len(self._here))

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._here)[:size])
        del self._here[:size]
        return taken

    def _need_more(self) -> None:
        if not self._more():
            raise WeChatUnavailable

    def _more(self) -> bool:
        self._sock.settimeout(self._remaining())
        piece = self._sock.recv(_PIECE)
        self._here += piece
        return bool(piece)


LARGEST_ANSWER = 6 * 1024 * 1024
"""Bytes; Function Compute carries no larger answer to the caller."""

_LINE = 8 * 1024
"""Bytes of a chunk's size and extensions, or of a trailer."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;[^\r\n\0]*)?")


def read_body(incoming: Incoming, head: Head) -> bytes:
    """Return the body; AnswerTooLarge, WeChatUnavailable where it ends too early."""
    if head.chunked:
        return _chunks(incoming)
    if head.length is None:
        return _fitting(incoming.rest(most=LARGEST_ANSWER))
    if head.length > LARGEST_ANSWER:
        raise AnswerTooLarge
    return incoming.exactly(head.length)


def _chunks(incoming: Incoming) -> bytes:
    content = bytearray()
    while size := _size(incoming):
        if len(content) + size > LARGEST_ANSWER:
            raise AnswerTooLarge
        content += incoming.exactly(size)
        if incoming.exactly(2) != b"\r\n":
            raise WeChatUnavailable
    for _ in range(MOST_HEADERS + 1):
        trailer = incoming.until(b"\r\n", most=_LINE).decode("latin-1")
        if not trailer:
            return bytes(content)
        header_of(trailer)
    raise WeChatUnavailable


def _size(incoming: Incoming) -> int:
    match = _SIZE.fullmatch(incoming.until(b"\r\n", most=_LINE))
    if match is None:
        raise WeChatUnavailable
    return int(match[1], 16)


def _fitting(content: bytes) -> bytes:
    if len(content) > LARGEST_ANSWER:
        raise AnswerTooLarge
    return content


LARGEST_HEAD = 64 * 1024
"""Bytes, all lines together."""

MOST_HEADERS = 100

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?")

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")

_LENGTH = re.compile(r"[0-9]{1,100}")


@dataclass(frozen=True, slots=True)
class Head:
    """Status, headers as they came, and where the body ends.

    It ends after `length` bytes, with its last chunk, or with the connection;
    `is_last` tells that nothing may follow on it.
    """

    status: int
    headers: Headers = field(repr=False)
    length: int | None
    chunked: bool
    is_last: bool


def read_head(incoming: Incoming) -> Head:
    """Return the head of the answer; WeChatUnavailable if it is none."""
    head = _next(incoming)
    while head.status == 100:
        head = _next(incoming)
    # After any other 1xx an answer would follow, and seem to be the next exchange's.
    if not 200 <= head.status <= 599:
        raise WeChatUnavailable
    return head


def header_of(line: str) -> tuple[str, str]:
    """Return name and value; WeChatUnavailable if the line is no header."""
    match = _HEADER.fullmatch(line)
    if match is None:
        raise WeChatUnavailable
    return match[1], match[2].strip(" \t")


def _next(incoming: Incoming) -> Head:
    text = incoming.until(b"\r\n\r\n", most=LARGEST_HEAD).decode("latin-1")
    first, *lines = text.split("\r\n")
    line = _STATUS.fullmatch(first)
    if line is None or len(lines) > MOST_HEADERS:
        raise WeChatUnavailable
    headers = tuple(map(header_of, lines))
    told: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        told[name.lower()].append(value)
    status = int(line[2])
    length, chunked = _framing(status, told)
    closes = line[1] == "0" or "close" in ",".join(told["connection"]).lower()
    is_last = closes or not (chunked or length is not None)
    return Head(status, headers, length, chunked, is_last)


def _framing(status: int, told: Mapping[str, Sequence[str]]) -> tuple[int | None, bool]:
    lengths, codings = told["content-length"], told["transfer-encoding"]
    bodiless = status in (204, 304)
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
