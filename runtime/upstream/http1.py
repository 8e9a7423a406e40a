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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runtime.errors import WeChatUnavailable
from runtime.upstream.incoming import Incoming
from runtime.web.messages import Headers

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
