"""Transport over HTTP/1.1 with persistent connections.

Ready-made clients rewrite the percent-encoding of a target, apply a timeout to each
piece of an answer rather than to the whole, or accept an answer that is cut short.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from socket import socket
from typing import TYPE_CHECKING

from runtime.errors import AnswerTooLarge
from runtime.upstream.answer import Answer, Transport, is_file
from runtime.upstream.connections import Connections, Lent
from runtime.upstream.decoding import coding_of, decoded, without_coding
from runtime.upstream.http1 import (
    LARGEST_ANSWER,
    Incoming,
    body_pieces,
    read_head,
)
from runtime.upstream.rest import AnswerRest, errors_of_ours
from runtime.web.messages import Headers
from runtime.web.stored_body import Body, pieces_of

if TYPE_CHECKING:
    from runtime.upstream.forward_proxy import ForwardProxy

HELD = 1024 * 1024
"""Bytes of JSON or text that are read before an answer is passed on."""

HELD_OF_FILE = 64 * 1024

_WITH_HEAD = 16 * 1024
"""Bytes of a body that is sent together with the head."""

PIECE_SECONDS = 30.0
"""The timeout of each piece of an answer that is passed on as it comes."""

_FIRST = re.compile(r"[A-Z]+ /[!-~]* HTTP/1\.1")
_LINE = re.compile(r"[\t -~\x80-\xff]*")


def pooled_transport(
    *,
    clock: Callable[[], float] = time.monotonic,
    connections: Connections | None = None,
    streams: bool = False,
    largest: int = LARGEST_ANSWER,
    proxy: ForwardProxy | None = None,
) -> Transport:
    """Return a transport that reuses connections; no redirects, no retries.

    With `streams` an answer may be of any size, and only the beginning of a large one
    is read; otherwise one of more than `largest` bytes is AnswerTooLarge. With a
    `proxy` every connection is a tunnel through it.
    """
    most = None if streams else largest
    made = connections or Connections(clock, proxy=proxy)
    return _Pooled(clock, made, most=most)


class _Pooled:
    def __init__(
        self,
        clock: Callable[[], float],
        connections: Connections,
        *,
        most: int | None,
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._most = most

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body | None,
        seconds: float,
    ) -> Answer:
        origin, target = _split(url)
        head = _head(method, origin, target, headers, body)
        remaining = self._deadline(seconds)
        # A server may ignore such a body, and take it for the next request.
        once = body is not None and method in ("GET", "HEAD")
        lent = self._connections.lend(origin, seconds=seconds, once=once)
        try:
            with errors_of_ours(nothing_sent=True):
                lent.socket.settimeout(remaining())
            with errors_of_ours():
                _send(lent.socket, head, body)
                return self._received(lent, remaining)
        except BaseException:
            lent.close()
            raise

    def _received(self, lent: Lent, remaining: Callable[[], float]) -> Answer:
        incoming = Incoming(lent.socket, remaining=remaining)
        head = read_head(incoming)
        coding = coding_of(head.headers)
        headers = without_coding(head.headers) if coding else head.headers
        most = self._most
        pieces = body_pieces(incoming, head, most=most)

        def renew() -> None:
            incoming.new_deadline(self._deadline(PIECE_SECONDS))

        rest = AnswerRest(
            decoded(pieces) if coding else pieces,
            lent,
            may_keep=lambda: not head.is_last and incoming.is_empty,
            before_piece=renew,
        )
        begin = rest.beginning(_held(headers) if most is None else most)
        if rest.is_over:
            return Answer(head.status, headers, begin)
        if most is not None:
            raise AnswerTooLarge
        length = None if coding else head.length
        return Answer(head.status, headers, begin, rest, length)

    def _deadline(self, seconds: float) -> Callable[[], float]:
        """Return what tells the seconds until then; TimeoutError when it is past."""
        until = self._clock() + seconds

        def remaining() -> float:
            left = until - self._clock()
            if left <= 0:
                raise TimeoutError
            return left

        return remaining


def _split(url: str) -> tuple[str, str]:
    """Return origin and target.

    >>> _split("https://api.weixin.qq.com/cgi-bin/menu/get?a=%2f//")
    ('https://api.weixin.qq.com', '/cgi-bin/menu/get?a=%2f//')
    """
    scheme, _, rest = url.partition("://")
    host, _, target = rest.partition("/")
    return f"{scheme}://{host}", f"/{target}"


def _head(
    method: str,
    origin: str,
    target: str,
    headers: Mapping[str, str],
    body: Body | None,
) -> bytes:
    """Return the request's head; ValueError for a line with a line break in it."""
    first = f"{method} {target} HTTP/1.1"
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Host: {origin.partition('://')[2]}", "Accept-Encoding: identity"]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if not (_FIRST.fullmatch(first) and all(map(_LINE.fullmatch, lines))):
        raise ValueError("a request's head cannot hold this")
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")


def _send(connection: socket, head: bytes, body: Body | None) -> None:
    # A server that has not read all of it may have answered all the same.
    with suppress(BrokenPipeError):
        if isinstance(body, bytes) and len(body) <= _WITH_HEAD:
            # The server wakes once, not for the head and then for the body.
            connection.sendall(head + body)
            return
        connection.sendall(head)
        for piece in pieces_of(body or b""):
            connection.sendall(piece)


def _held(headers: Headers) -> int:
    return HELD_OF_FILE if is_file(headers) else HELD
