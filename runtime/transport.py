"""The exchange with WeChat itself: HTTP over kept-alive connections.

On http.client, which sends a target as it is: others put its percent-encoding into an
order of their own, and what WeChat sees would not be what the caller wrote.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead

from runtime.connections import Connections
from runtime.errors import AnswerTooLarge, WeChatTimeout, WeChatUnavailable
from runtime.timed_response import TimedResponse
from runtime.wechat import Answer, Transport

LARGEST_ANSWER = 6 * 1024 * 1024
"""Bytes; Function Compute carries no larger answer to the caller."""

_PIECE = 64 * 1024


def pooled_transport(*, clock: Callable[[], float] = time.monotonic) -> Transport:
    """Return a transport that keeps connections, follows nothing, repeats nothing."""
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
        origin, target = _parted(url)
        deadline = self._clock() + seconds

        def remaining() -> float:
            left = deadline - self._clock()
            if left <= 0:
                raise TimeoutError
            return left

        try:
            with self._connections.lent(origin, seconds=seconds) as connection:
                _send(connection, method, target, headers, body, remaining())
                timed = partial(TimedResponse, remaining=remaining)
                connection.response_class = timed  # type: ignore[assignment]
                return _received(connection)
        # The errors' own texts hold the address, and that a secret: from None.
        except TimeoutError:
            raise WeChatTimeout from None
        except (HTTPException, OSError):
            raise WeChatUnavailable from None


def _parted(url: str) -> tuple[str, str]:
    """Return origin and target.

    >>> _parted("https://api.weixin.qq.com/cgi-bin/menu/get?a=%2f//")
    ('https://api.weixin.qq.com', '/cgi-bin/menu/get?a=%2f//')
    """
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    return f"{scheme}://{host}", slash + target


def _send(
    connection: HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float,
) -> None:
    connection.sock.settimeout(seconds)
    # Whoever does not read all of it may have answered all the same.
    with suppress(BrokenPipeError):
        connection.request(method, target, body=body, headers=headers)


def _received(connection: HTTPConnection) -> Answer:
    with connection.getresponse() as response:
        # After 1xx another answer would follow, and seem to be the next exchange's.
        if not 200 <= response.status <= 599:
            raise WeChatUnavailable
        content = _content(response)
        return Answer(response.status, tuple(response.getheaders()), content)


def _content(response: HTTPResponse) -> bytes:
    content = bytearray()
    # What was announced or, byte by byte and in any number of pieces, came.
    while len(content) + (response.length or 0) <= LARGEST_ANSWER:
        piece = response.read1(_PIECE)
        if piece:
            content += piece
        elif response.length:
            raise IncompleteRead(b"")
        else:
            return bytes(content)
    raise AnswerTooLarge
