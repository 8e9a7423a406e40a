"""Server: Tornado's HTTP server with a limit of connections and even sharing."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from socket import socket
from typing import Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

from host.processes.connection_counts import OwnCount

_MOST_FILES = 65536
_MOST_CONNECTIONS = 4096
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 0.5
_LEAVE_SECONDS = 0.005
_MOST_LEFT_TO_OTHERS = 10
"""How often in a row a connection is left to a process with fewer; it may be busy."""

_LOG_AGAIN_SECONDS = 60.0
_CHUNK = 64 * 1024

log = logging.getLogger("host")


def raise_file_limit() -> int:
    """Raise the limit of open files as far as it may be; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft if soft > 0 else _MOST_FILES
    with suppress(OSError, ValueError):  # macOS has a limit that it does not tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def most_connections(files: int) -> int:
    """Return how many connections so many open files allow.

    The other half is for connections to WeChat and Redis, and for bodies in files.
    """
    return max(1, min(_MOST_CONNECTIONS, files // 2))


class Server(HTTPServer):
    """Tornado's server, with at most `max_connections` connections.

    At the limit the connection that has been idle longest is closed for a new one.
    Idle is also who has not sent the whole head of a request.

    Several processes on one port share connections evenly: each turn of the loop
    accepts one, and first leaves it for a moment to a process that has fewer.
    """

    def initialize(
        self,
        *arguments: Any,
        max_connections: int = _MOST_CONNECTIONS,
        count: OwnCount | None = None,
        **named: Any,
    ) -> None:
        """Start with no connection."""
        super().initialize(*arguments, **named)
        self.max_connections = max_connections
        self._count = count
        self._left_to_others = 0
        self.open: set[object] = set()
        self._idle: dict[HTTP1ServerConnection, None] = {}
        self._listening: dict[int, socket] = {}
        self._logged_at = float("-inf")

    def add_sockets(self, sockets: Iterable[socket]) -> None:
        """Accept connections on these sockets."""
        for each in sockets:
            self._listening[each.fileno()] = each
            self._listen(each)
        self._tell_count()

    def stop(self) -> None:
        """Accept no more connections, and close the sockets."""
        if self._count is not None:
            self._count.leave()
        for descriptor, each in self._listening.items():
            IOLoop.current().remove_handler(descriptor)
            each.close()
        self._listening.clear()

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Take the next request of a connection, which is idle until it comes."""
        assert isinstance(server_conn, HTTP1ServerConnection)  # noqa: S101 - for types
        self.open.add(server_conn)
        self._tell_count()
        self._idle[server_conn] = None
        return _Request(
            super().start_request(server_conn, request_conn),
            begins=lambda: self._idle.pop(server_conn, None),
        )

    def on_close(self, server_conn: object) -> None:
        """Forget a connection."""
        self.open.discard(server_conn)
        self._idle.pop(server_conn, None)  # type: ignore[call-overload]
        self._tell_count()
        super().on_close(server_conn)

    def _listen(self, listening: socket) -> None:
        if listening.fileno() in self._listening:
            loop = IOLoop.current()
            loop.add_handler(listening, lambda *_: self._accept(listening), loop.READ)

    def _tell_count(self) -> None:
        if self._count is not None and self._listening:
            self._count.set(len(self.open))

    def _is_left_to_others(self) -> bool:
        """Tell whether another process should take the next connection."""
        if self._count is None or self._count.is_least():
            return False
        self._left_to_others += 1
        return self._left_to_others <= _MOST_LEFT_TO_OTHERS

    def _accept(self, listening: socket) -> None:
        if self._is_left_to_others():
            return self._pause(listening, _LEAVE_SECONDS)
        self._left_to_others = 0
        try:
            connection, address = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _OUT_OF_FILES:
                raise
            if self._may_log():
                log.warning("no file is left for a connection")
            if not self._close_oldest_idle():
                self._pause(listening, _PAUSE_SECONDS)
            return
        if len(self.open) >= self.max_connections:
            if self._may_log():
                log.warning("all %d connections are in use", self.max_connections)
            if not self._close_oldest_idle():
                return connection.close()
        stream = IOStream(
            connection, max_buffer_size=4 * _CHUNK, read_chunk_size=_CHUNK
        )
        self.handle_stream(stream, address)

    def _close_oldest_idle(self) -> bool:
        for connection in self._idle:
            del self._idle[connection]
            self.open.discard(connection)
            connection.stream.close()
            return True
        return False

    def _pause(self, listening: socket, seconds: float) -> None:
        """Accept nothing for a while: the socket would be ready again at once."""
        IOLoop.current().remove_handler(listening)
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, self._listen, listening)

    def _may_log(self) -> bool:
        """Tell whether a line about connections may be written again."""
        now = time.monotonic()
        may = now - self._logged_at > _LOG_AGAIN_SECONDS
        if may:
            self._logged_at = now
        return may


class _Request(HTTPMessageDelegate):
    """A request, whose begin the server is told."""

    def __init__(
        self, delegate: HTTPMessageDelegate, *, begins: Callable[[], object]
    ) -> None:
        self._delegate = delegate
        self._begins = begins

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Note that the head is complete."""
        self._begins()
        # RFC 9110, 10.1.1: in any case; Tornado answers one spelling alone, and a
        # caller that gets no answer waits before it sends its body.
        if headers.get("Expect", "").lower() == "100-continue":
            headers["Expect"] = "100-continue"
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass a chunk of the body on."""
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        """Pass on that the request is complete."""
        self._delegate.finish()

    def on_connection_close(self) -> None:
        """Pass on that the connection is closed."""
        self._delegate.on_connection_close()
