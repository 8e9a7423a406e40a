"""The body of an HTTP/1.1 answer, to where its head says that it ends."""

from __future__ import annotations

import re

from runtime.errors import AnswerTooLarge, WeChatUnavailable
from runtime.upstream.http1 import MOST_HEADERS, Head, header_of
from runtime.upstream.incoming import Incoming

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
