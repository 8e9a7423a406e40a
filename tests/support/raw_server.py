"""Raw HTTP server: it answers exactly the bytes that a test has written."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress


class RawServer:
    """Answers each request by the next of its answers, the last one for ever.

    An answer is bytes, or a function that is given the connection. `requests` keeps
    head and body of each request, `connections` how many were opened.
    """

    def __init__(self, *answers, tls=None):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0
        self._tls = tls
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        # Without a shutdown, accept() would go on waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        self._thread.join(5)

    def drop_connections(self):
        """Close what is open, as a server does with idle connections."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,)).start()

    def _serve(self, connection):
        with connection, suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                self.converse(connection, reader)

    def converse(self, connection, reader):
        """Read requests and answer each."""
        while head := read_head(reader):
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            body = reader.read(int(length[1])) if length else b""
            self.requests.append((head.decode("latin-1"), body))
            answer = self.answers[0]
            if len(self.answers) > 1:
                self.answers.pop(0)
            if callable(answer):
                answer(connection)
                return
            connection.sendall(answer)


def make_answer(body=b"{}", *, status="200 OK", headers=()):
    """Return the bytes of a plain answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def reset(connection):
    """End the connection by a reset: lingering for no time does so."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def send_and_close(text):
    """Return an answer of these bytes, after which the connection ends."""
    return lambda connection: connection.sendall(text)


def close(connection):
    """Close the connection without an answer."""


def read_head(reader):
    lines = []
    while (line := reader.readline()) not in (b"", b"\r\n"):
        lines.append(line)
    return b"".join(lines)
