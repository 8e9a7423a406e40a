"""HTTP/1.1 connection of a server: as much of it as the stand-ins need."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

KEPT_BODY = 1 << 20
"""Bytes; of a larger body only the size is kept."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)


@dataclass(slots=True)
class HttpRequest:
    """A request with its body, if that is not larger than KEPT_BODY."""

    method: str
    target: str
    size: int
    body: bytearray = field(default_factory=bytearray, repr=False)


class HttpConnection(asyncio.Protocol):
    """A connection whose client waits for each answer before its next request."""

    transport: Any

    def __init__(self) -> None:
        self._head = bytearray()
        self._request: HttpRequest | None = None
        self._left = 0

    def answer(self, request: HttpRequest) -> None:
        """Answer, now or later, by `write`."""
        raise NotImplementedError

    def write(self, status: str, headers: str, body: bytes) -> None:
        """Write an answer, unless the client has hung up."""
        if self.transport.is_closing():
            return
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Read on; answer a complete request."""
        if self._request is None:
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head, data = bytearray(), bytes(rest)
            self._request = self._begin(bytes(head))
        request = self._request
        self._left -= len(data)
        if request.size <= KEPT_BODY:
            request.body += data
        if self._left <= 0:
            self._request = None
            self.answer(request)

    def _begin(self, head: bytes) -> HttpRequest:
        method, target = head.split(b" ", 2)[:2]
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else 0
        if _CONTINUE.search(head):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return HttpRequest(method.decode(), target.decode(), self._left)
