"""Figure 21: copies for nine targets, alone and beside a dead one with a long queue."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server

from bench.cores import PINNED
from bench.load.pushes import message, signed, with_routes
from bench.load.servers import Server
from bench.load.site import APP, Site
from bench.load.testbed import Testbed, open_testbed
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns
from runtime.gateway import Gateway
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import Matched
from runtime.settings import settings_from

LIVE = 9

PATIENCE = 20.0
"""Seconds after which a copy counts as lost."""

ALONE, BESIDE = "nine live targets alone", "beside a dead one"


class Targets:
    """The live targets: one server with a path for each, and what has come."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        self._changed = threading.Condition()
        targets = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                targets.note(time.perf_counter())
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"success")

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def note(self, at: float) -> None:
        """Note that a copy has come."""
        with self._changed:
            self.arrived.append(at)
            self._changed.notify()

    def take(self, count: int) -> list[float]:
        """Wait for so many copies, and return when they came."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.arrived) >= count, PATIENCE)
            taken, self.arrived = self.arrived, []
            return taken


def measure(*, rounds: int, count: int, queued: int) -> list[Figure]:
    """Measure how long a copy takes, with so many waiting for the dead target."""
    lost = [0]
    with open_testbed() as testbed, create_server(("127.0.0.1", 0)) as dead:
        targets = Targets()
        testbed.stack.callback(targets.server.server_close)
        testbed.stack.callback(targets.server.shutdown)
        base = f"http://127.0.0.1:{targets.server.server_port}"
        live = [{"url": f"{base}/{number}"} for number in range(LIVE)]
        # It takes connections and never answers, which costs more than a refusal.
        silent = {"url": f"http://127.0.0.1:{dead.getsockname()[1]}/"}
        servers = {
            ALONE: _gateway(testbed, live, database=0),
            BESIDE: _gateway(testbed, [*live, silent], database=1, queued=queued),
        }
        found = in_turns(
            {
                name: partial(_delays, server, targets, count, lost)
                for name, server in servers.items()
            },
            rounds=rounds,
        )
    return [_figure(found, queued, lost[0])]


def _gateway(
    testbed: Testbed,
    routes: Sequence[Mapping[str, object]],
    *,
    database: int,
    queued: int = 0,
) -> Server:
    url = f"{testbed.redis_url.rpartition('/')[0]}/{database}"
    site = with_routes(testbed.site(url), *routes)
    site.settings["PUSH_MB_PER_APP"] = "200"
    if queued:
        _fill(site, queued)
    return testbed.gateway(site)


def _fill(site: Site, count: int) -> None:
    """Let so many copies wait for the last route."""
    gateway = Gateway(settings_from(site.settings))
    app = gateway.registry.app(APP)
    if app is None:
        raise LookupError(APP)
    matched = Matched(None, (app.routes[-1],))
    for number in range(count):
        read = read_message(message().encode())
        at = int(time.time())
        received = Received(read, f"f{number}", at, f"s{number}", key=b"k")
        gateway.inbox.store(APP, received, matched)


def _delays(
    server: Server, targets: Targets, count: int, lost: list[int]
) -> list[float]:
    """Return the milliseconds from a push to each of its copies."""
    delays: list[float] = []
    for _ in range(count):
        target, body = signed(f"/wechat_event/{APP}", message())
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            connection.request("POST", target, body, {"Content-Type": "text/xml"})
            answer = connection.getresponse()
            if (answer.status, answer.read()) != (200, b"success"):
                raise ConnectionError(f"a push was answered with {answer.status}")
        finally:
            connection.close()
        arrived = targets.take(LIVE)
        lost[0] += LIVE - len(arrived)
        delays += [(at - began) * 1000 for at in arrived]
    return delays


def _figure(
    found: Mapping[str, Sequence[Sequence[float]]], queued: int, lost: int
) -> Figure:
    title = f"21. Delay of copies for {LIVE} targets: {queued} wait for a dead one, "
    figure = Figure(title + PINNED, ("targets", "median, ms", "longest, ms", "ratio"))
    medians = {name: list(map(statistics.median, each)) for name, each in found.items()}
    compared = ratios(medians[BESIDE], medians[ALONE])
    for name, each in medians.items():
        longest = spread(list(map(max, found[name])), ".0f")
        ratio = spread(compared) if name == BESIDE else ""
        figure.rows.append((name, spread(each, ".1f"), longest, ratio))
    measured = statistics.median(compared)
    figure.bars += [
        Bar("21. delay beside a dead target / alone", measured, 2, 1.1, timed=True),
        Bar("21. copies that did not come", lost, 0, 0),
    ]
    return figure
