"""Figure 14: memory for large bodies: of anonymous requests, and of honest callers."""

from __future__ import annotations

import json
import re
import select
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from bench.load.callers import AnswerReader, get
from bench.load.latency import ME
from bench.load.servers import Server
from bench.load.site import HOST, Site
from bench.load.testbed import Testbed, open_testbed
from bench.report import Bar, Figure, spread

MB = 1 << 20
PIECE = bytes(64 * 1024)
TIMEOUT = 60.0

REFUSED_WITHIN = 15.0
"""Seconds to wait at most until an anonymous request can go on or is answered."""

WARM_UP_THREADS = 8

SETTLE = 0.3
"""Seconds between the warm-up and the measurement of the idle process."""

BAR, GOAL = 64.0, 16.0

UPLOAD = "/cgi-bin/media/upload?type=file&access_token="
DOWNLOAD = "/cgi-bin/media/get?media_id=m"

ANONYMOUS = (
    ("POST", f"{UPLOAD}nobody"),
    ("POST", "/oidc/token"),
    ("DELETE", "/no-such-path"),
)
"""Targets of the anonymous requests, in turn: the proxy, a form, no route."""

_ERRCODE = re.compile(rb'"errcode": ?(-?[1-9]\d*)')
_UPLOAD_HEADERS = "Content-Type: multipart/form-data; boundary=b\r\n"
_FIRST = (
    b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
_LAST = b"\r\n--b--\r\n"


@dataclass(frozen=True, slots=True)
class Bodies:
    """The number and size of anonymous bodies, and of uploads and of downloads."""

    rounds: int
    anonymous: int
    anonymous_mb: int
    honest: int
    honest_mb: int


@dataclass(slots=True)
class _Seen:
    peaks: list[float] = field(default_factory=list)  # MB above idle, by round
    answers: Counter[str] = field(default_factory=Counter)


def measure(bodies: Bodies) -> list[Figure]:
    """Measure both in turn, each time in a new process of the gateway."""
    anonymous, honest = _Seen(), _Seen()
    with open_testbed() as testbed:
        site = testbed.site()
        for _ in range(bodies.rounds):
            with _idle_gateway(testbed, site) as (server, _):
                _watch(server, anonymous, partial(_anonymous, server, bodies))
            with _idle_gateway(testbed, site) as (server, token):
                _watch(server, honest, partial(_honest, server, token, bodies))
    return [_figure(bodies, anonymous, honest)]


@contextmanager
def _idle_gateway(testbed: Testbed, site: Site) -> Iterator[tuple[Server, str]]:
    """Yield a new process of the gateway and a gateway token."""
    with testbed.open_gateway(site.settings) as server:
        token, *_ = site.gateway_tokens(server)
        # Modules and threads are loaded and started before, not during the measurement.
        with ThreadPoolExecutor(WARM_UP_THREADS) as threads:
            calls = (
                threads.submit(_warm_up, server, token) for _ in range(WARM_UP_THREADS)
            )
            for each in list(calls):
                each.result()
        time.sleep(SETTLE)
        yield server, token


def _watch(server: Server, seen: _Seen, send: Callable[[], Iterable[str]]) -> None:
    server.reset_peak()
    idle = server.memory()
    seen.answers.update(send())
    seen.peaks.append((server.peak() - idle) / MB)


def _warm_up(server: Server, token: str) -> None:
    _ask(server, get(ME, Accept="application/json"))
    for method, target in ANONYMOUS:
        _ask(server, _head(method, target, 1) + b"x")
    upload(server, token, 1)
    download(server, token, 1)


def _anonymous(server: Server, bodies: Bodies) -> Iterator[str]:
    """Send all bodies but for their last bytes, then those; yield each answer."""
    all_sent = threading.Barrier(bodies.anonymous)
    size = bodies.anonymous_mb * MB

    def send(number: int) -> str:
        method, target = ANONYMOUS[number % len(ANONYMOUS)]
        with _connect(server) as connection:
            connection.settimeout(REFUSED_WITHIN)
            try:
                connection.sendall(_head(method, target, size))
                complete = _send_until_answered(connection, size - 1)
                _wait(all_sent)
                if complete:
                    connection.sendall(b"x")
                return _answer(connection)
            except OSError:  # the server may close such a connection at any time
                _wait(all_sent)
                return "closed"

    with ThreadPoolExecutor(bodies.anonymous) as threads:
        yield from threads.map(send, range(bodies.anonymous))


def _wait(all_sent: threading.Barrier) -> None:
    # If one takes too long, the others go on.
    with suppress(threading.BrokenBarrierError):
        all_sent.wait(REFUSED_WITHIN)


def _send_until_answered(connection: socket.socket, size: int) -> bool:
    """Send a body; return False if the answer came before its end."""
    left = size
    while left:
        wait = connection.gettimeout()
        readable, writable, _ = select.select([connection], [connection], [], wait)
        if readable or not writable:
            return False
        left -= connection.send(PIECE[:left])
    return True


def _honest(server: Server, token: str, bodies: Bodies) -> Iterator[str]:
    """Upload and download at once; yield `whole` for each body that arrived whole."""
    size = bodies.honest_mb * MB
    calls = [
        *[lambda: upload(server, token, size)] * bodies.honest,
        *[lambda: download(server, token, size)] * bodies.honest,
    ]
    with ThreadPoolExecutor(len(calls)) as threads:
        yield from threads.map(_outcome, calls)


def _outcome(call: Callable[[], bool]) -> str:
    try:
        return "whole" if call() else "not whole"
    except OSError as error:
        return type(error).__name__


def upload(server: Server, token: str, size: int) -> bool:
    """Upload a file; return whether all of it has come to WeChat."""
    whole = len(_FIRST) + size + len(_LAST)
    head = _head("POST", UPLOAD + token, whole, headers=_UPLOAD_HEADERS)
    with _connect(server) as connection:
        connection.sendall(head + _FIRST)
        if not _send_until_answered(connection, size):
            return False
        connection.sendall(_LAST)
        answer = b"".join(_pieces(connection))
    body = answer.partition(b"\r\n\r\n")[2]
    return answer[9:12] == b"200" and json.loads(body).get("size") == whole


def download(server: Server, token: str, size: int) -> bool:
    """Download a file; return whether all of it has come."""
    request = get(f"{DOWNLOAD}&size={size}&access_token={token}")
    first, received = b"", 0
    with _connect(server) as connection:
        connection.sendall(request)
        for piece in _pieces(connection):
            first = first or piece
            received += len(piece)
    # The reader has found the end; head and chunk sizes come on top.
    return first[9:12] == b"200" and received > size


def _ask(server: Server, request: bytes) -> None:
    with _connect(server) as connection:
        connection.sendall(request)
        _answer(connection)


def _answer(connection: socket.socket) -> str:
    """Return the status, and the errcode if there is one."""
    answer = b"".join(_pieces(connection))
    status, errcode = answer[9:12].decode(), _ERRCODE.search(answer)
    return f"{status} errcode {errcode[1].decode()}" if errcode else status


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    """Yield an answer as it comes; ConnectionError if it ends too early."""
    reader, status = AnswerReader(), None
    while status is None:
        data = connection.recv(len(PIECE))
        if not data:
            raise ConnectionError("the answer ended too early")
        status = reader.feed(data)
        yield data


def _connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), TIMEOUT)


def _head(method: str, target: str, size: int, *, headers: str = "") -> bytes:
    lines = f"Host: {HOST}\r\n{headers}Content-Length: {size}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


def _figure(bodies: Bodies, anonymous: _Seen, honest: _Seen) -> Figure:
    names = (
        f"{bodies.anonymous} anonymous bodies of {bodies.anonymous_mb} MB",
        f"{bodies.honest} uploads, {bodies.honest} downloads of {bodies.honest_mb} MB",
    )
    title = f"14. Peak of resident memory above idle: {bodies.rounds} rounds"
    figure = Figure(title, ("bodies, all at once", "MB", "answers"))
    for name, seen in zip(names, (anonymous, honest), strict=True):
        answers = (f"{count} × {what}" for what, count in seen.answers.most_common())
        figure.rows.append((name, spread(seen.peaks, ".0f"), ", ".join(answers)))
        measured = statistics.median(seen.peaks)
        figure.bars.append(Bar(f"14. MB, {name}", measured, BAR, GOAL, timed=True))
    wanted = 2 * bodies.honest * bodies.rounds
    figure.bars += [
        Bar("14. honest bodies not whole", wanted - honest.answers["whole"], 0, 0),
        Bar("14. anonymous requests served", anonymous.answers["200"], 0, 0),
    ]
    return figure
