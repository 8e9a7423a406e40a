"""A service's callback, on a real port, that answers what a test tells it to."""

import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.clock import Clock
from sandbox.ids import Ids
from sandbox.world import World

NOW = 1_760_000_000


@dataclass(frozen=True)
class Delivery:
    """One request that reached the callback."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Callback:
    """Collects deliveries; `answer` makes of each a status and a body, or None.

    None means that no answer comes before the platform gives up.
    """

    def __init__(self, url):
        self.url = url
        self.deliveries = []
        self.released = threading.Event()
        self.answer = lambda delivery: (200, b"success")

    @property
    def queries(self):
        """Return what stood in the address of each delivery."""
        return [delivery.query for delivery in self.deliveries]


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        callback = self.server.callback
        length = int(self.headers.get("Content-Length", 0))
        delivery = Delivery(
            self.command,
            dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)),
            dict(self.headers),
            self.rfile.read(length),
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

    def log_message(self, *arguments):
        pass


@pytest.fixture
def callback():
    """A callback that is content with everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.callback = Callback(f"http://127.0.0.1:{server.server_port}/push?a=1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.callback
    server.callback.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def world():
    return World(Clock(lambda: NOW), Ids(1))


@pytest.fixture
def app(world, callback):
    """The service account, whose pushes go to the callback."""
    seeded = next(app for app in world.apps.values() if app.kind == "service")
    return replace(seeded, callback_url=callback.url)
