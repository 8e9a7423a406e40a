"""An HTTP answer that is read within a time, at whatever pace it comes."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPResponse, RemoteDisconnected
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any


class TimedResponse(HTTPResponse):
    """http.client's answer; reading it raises TimeoutError once nothing remains.

    A socket's own time-out is for each piece, so that headers and body which come byte
    by byte would never end.
    """

    def __init__(
        self, sock: socket, *args: Any, remaining: Callable[[], float], **named: Any
    ) -> None:
        super().__init__(sock, *args, **named)
        self.fp = _Lines(_Timed(self.fp.detach(), sock, remaining))


class _Lines(BufferedReader):
    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line:
            # http.client would take it for the end of the headers.
            raise RemoteDisconnected("the answer ends before its headers do")
        return line


class _Timed(RawIOBase):
    def __init__(
        self, source: Any, sock: socket, remaining: Callable[[], float]
    ) -> None:
        self._source = source
        self._sock = sock
        self._remaining = remaining

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._remaining())
        return self._source.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._source.close()
        super().close()
