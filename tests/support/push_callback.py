"""A service's callback, on a real port, that answers what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Delivery:
    """One request that reached the callback."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    path: str = "/"


class Callback:
    """Collects deliveries; `answer` makes of each a status and a body, or None.

    None means that no answer comes before the platform gives up.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.deliveries: list[Delivery] = []
        self.released = threading.Event()
        self.answer: Callable[[Delivery], tuple[int, bytes] | None] = lambda delivery: (
            200,
            b"success",
        )

    @property
    def queries(self) -> list[dict[str, str]]:
        """Return what stood in the address of each delivery."""
        return [delivery.query for delivery in self.deliveries]


class Server(ThreadingHTTPServer):
    callback: Callback


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        callback = self.server.callback
        length = int(self.headers.get("Content-Length", 0))
        delivery = Delivery(
            self.command,
            dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)),
            dict(self.headers),
            self.rfile.read(length),
            urlsplit(self.path).path,
        )
        callback.deliveries.append(delivery)
        answer = callback.answer(delivery)
        if answer is None:
            callback.released.wait(10)
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serve_callback() -> Iterator[Callback]:
    """Yield a callback that is content with everything."""
    server = Server(("127.0.0.1", 0), Handler)
    server.callback = Callback(f"http://127.0.0.1:{server.server_port}/push?a=1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.callback
    finally:
        server.callback.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
