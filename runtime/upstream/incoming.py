"""The bytes that come on a connection, read within a time."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket

from runtime.errors import WeChatUnavailable

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
