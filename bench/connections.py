"""Keep-alive connections, each with one request in flight."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


class Load:
    """Open connections to one server, which answers each request with `body`."""

    def __init__(
        self, connections: list[socket.socket], *, path: str, body: bytes
    ) -> None:
        self._connections = connections
        self._request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        self._body = body

    def requests(self, count: int) -> float:
        """Return the seconds that `count` requests take with all connections busy."""
        began = time.perf_counter()
        with selectors.DefaultSelector() as selector:
            for each in self._connections:
                selector.register(each, selectors.EVENT_READ)
                each.sendall(self._request)
            sent, answered = len(self._connections), 0
            while answered < count:
                for key, _ in selector.select():
                    connection: Any = key.fileobj
                    self._receive(connection)
                    answered += 1
                    if sent < count:
                        connection.sendall(self._request)
                        sent += 1
        return time.perf_counter() - began

    def _receive(self, connection: socket.socket) -> None:
        answer = b""
        while not answer.endswith(self._body):
            piece = connection.recv(4096)
            answer += piece
            if not piece or not answer.startswith(b"HTTP/1.1 200 "[: len(answer)]):
                raise ConnectionError("no good answer")


@contextmanager
def open_load(port: int, *, connections: int, path: str, body: bytes) -> Iterator[Load]:
    """Yield this number of open connections to a port of this machine."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            for _ in range(connections)
        ]
        yield Load(opened, path=path, body=body)
