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

from runtime.errors import WeChatTimeout, WeChatUnavailable
from runtime.upstream.answer import Answer, Transport
from runtime.upstream.connections import Connections
from runtime.upstream.http1 import Incoming, read_body, read_head

_FIRST = re.compile(r"[A-Z]+ /[!-~]* HTTP/1\.1")
_LINE = re.compile(r"[\t -~\x80-\xff]*")


def pooled_transport(*, clock: Callable[[], float] = time.monotonic) -> Transport:
    """Return a transport that reuses connections; no redirects, no retries."""
    return _Pooled(clock)


class _Pooled:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._connections = Connections(clock)
        self._clock = clock

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
    ) -> Answer:
        origin, target = _split(url)
        head = _head(method, origin, target, headers, body)
        deadline = self._clock() + seconds

        def remaining() -> float:
            left = deadline - self._clock()
            if left <= 0:
                raise TimeoutError
            return left

        sent = False
        try:
            # A server may ignore such a body, and take it for the next request.
            once = body is not None and method in ("GET", "HEAD")
            with self._connections.lent(
                origin, seconds=seconds, once=once
            ) as connection:
                connection.settimeout(remaining())
                sent = True
                _send(connection, head, body)
                return _received(connection, remaining)
        # The errors' own texts hold the URL, and that a secret: from None.
        except TimeoutError:
            raise WeChatTimeout(nothing_sent=not sent) from None
        except OSError:
            raise WeChatUnavailable(nothing_sent=not sent) from None


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
    body: bytes | None,
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


def _send(connection: socket, head: bytes, body: bytes | None) -> None:
    # A server that has not read all of it may have answered all the same.
    with suppress(BrokenPipeError):
        connection.sendall(head)
        if body:
            connection.sendall(body)


def _received(connection: socket, remaining: Callable[[], float]) -> Answer:
    incoming = Incoming(connection, remaining=remaining)
    head = read_head(incoming)
    body = read_body(incoming, head)
    if head.is_last or not incoming.is_empty:
        connection.close()
    return Answer(head.status, head.headers, body)
