"""Load generators on kept-alive connections: closed loop and open loop.

They share one event loop and do little per answer: their core also runs the upstream.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.load.site import HOST

CONNECT_TIMEOUT = 30.0

LOST = 0
"""The status of a request whose connection was closed before the answer."""

RETRY_AFTER = 0.05
"""Seconds before the next call of a caller that was not answered with 200."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_WITHOUT_BODY = (204, 304)


def get(target: str, **headers: str) -> bytes:
    """Return a GET request; `_` in a header's name stands for `-`."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines = [f"GET {target} HTTP/1.1", f"Host: {HOST}", *lines]
    return "\r\n".join([*lines, "", ""]).encode()


class AnswerReader:
    """The end of each answer on a connection; the bodies are not stored."""

    def __init__(self) -> None:
        self._head = b""
        self._status = 0
        self._left = 0
        self._chunked = False
        self._tail = b""
        self.length = 0

    def feed(self, data: bytes) -> int | None:
        """Return the status of an answer that is now complete, else None.

        ConnectionError if an answer has neither a length nor chunks.
        """
        if not self._status:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return None
            self._begin(head)
        if self._chunked:
            # A chunk could contain these bytes too, but JSON and zeros do not.
            self._tail = (self._tail + data)[-7:]
            done = self._tail.endswith(b"\r\n0\r\n\r\n") or self._tail == b"0\r\n\r\n"
        else:
            self._left -= len(data)
            done = self._left <= 0
        if not done:
            return None
        status, self._status, self._head, self._tail = self._status, 0, b"", b""
        return status

    def _begin(self, head: bytes) -> None:
        self._status = int(head[9:12])
        length = _LENGTH.search(head)
        self._chunked = length is None and _CHUNKED.search(head) is not None
        self._left = self.length = int(length[1]) if length else 0
        if not (length or self._chunked or self._status in _WITHOUT_BODY):
            raise ConnectionError("an answer without an end")


Answered = Callable[["Connection", int, float], None]
"""Is called with a connection, the status of its answer, and the seconds it took."""


class Connection(asyncio.Protocol):
    """A connection with at most one request in flight."""

    transport: Any = None

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self._reader = AnswerReader()
        self._due: float | None = None

    @property
    def usable(self) -> bool:
        """Return whether another request can be sent now."""
        return self._due is None and not self.transport.is_closing()

    @property
    def length(self) -> int:
        """Return the length of the last answer's body, by its head."""
        return self._reader.length

    def send(self, request: bytes, *, due: float) -> None:
        """Send a request that was due at this value of the performance counter."""
        self._due = due
        self.transport.write(request)

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Read on."""
        status = self._reader.feed(data)
        if status is not None:
            self._end(status)

    def connection_lost(self, error: Exception | None) -> None:
        """Report a request that is in flight as lost."""
        self._end(LOST)

    def _end(self, status: int) -> None:
        if self._due is not None:
            seconds, self._due = time.perf_counter() - self._due, None
            self._answered(self, status, seconds)


async def connect(port: int, answered: Answered) -> Connection:
    """Return an open connection; OSError or TimeoutError if that fails."""
    loop = asyncio.get_running_loop()
    opening = loop.create_connection(lambda: Connection(answered), "127.0.0.1", port)
    _, connection = await asyncio.wait_for(opening, CONNECT_TIMEOUT)
    return connection


async def _close(connections: Iterable[Connection]) -> None:
    for each in connections:
        each.transport.abort()
    await asyncio.sleep(0)  # the loop closes the sockets now


class ClosedLoop:
    """Callers with a connection each, which call again after each answer.

    With `once` each calls a single time. `fresh` makes the request of each call, in
    place of the given ones. `latencies` has the seconds of each call that was answered
    with 200 and at least `shortest` bytes, `bad` is the number of the others.
    """

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        *,
        connections: int,
        once: bool = False,
        fresh: Callable[[], bytes] | None = None,
        shortest: int = 0,
    ) -> None:
        self._fresh = fresh
        self._shortest = shortest
        self._port = port
        self._requests = [requests[n % len(requests)] for n in range(connections)]
        self._once = once
        self._running = True
        self._in_flight = 0
        self._callers: dict[Connection, int] = {}
        self._reopening: set[asyncio.Task[None]] = set()
        self.latencies: list[float] = []
        self.bad = 0

    async def open(self) -> None:
        """Open all connections."""
        for number in range(len(self._requests)):
            self._callers[await connect(self._port, self._answered)] = number

    async def start(self, *, spread: float) -> None:
        """Send the first call of each caller, evenly spread over so many seconds."""
        began = time.perf_counter()
        for place, (connection, number) in enumerate(list(self._callers.items())):
            wait = began + spread * place / len(self._requests) - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self._call(connection, number)

    async def stop(self, *, patience: float) -> None:
        """Wait at most so long for the calls in flight, then close all connections.

        A call that is not answered by then is bad.
        """
        self._running = False
        until = time.perf_counter() + patience
        while self._in_flight and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        self.bad += self._in_flight
        self._in_flight = 0
        for each in self._reopening:
            each.cancel()
        await _close(self._callers)

    def _call(self, connection: Connection, number: int) -> None:
        if connection.usable:
            self._in_flight += 1
            request = self._fresh() if self._fresh else self._requests[number]
            connection.send(request, due=time.perf_counter())
            return
        del self._callers[connection]
        task = asyncio.get_running_loop().create_task(self._reopen(number))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    async def _reopen(self, number: int) -> None:
        try:
            connection = await connect(self._port, self._answered)
        except (OSError, asyncio.TimeoutError):
            self.bad += 1
            return
        self._callers[connection] = number
        if self._running:
            self._call(connection, number)

    def _answered(self, connection: Connection, status: int, seconds: float) -> None:
        if not self._in_flight:
            return  # stopped
        self._in_flight -= 1
        if status == 200 and connection.length >= self._shortest:
            self.latencies.append(seconds)
        else:
            self.bad += 1
        if not self._running or self._once:
            return
        if status == 200:
            self._call(connection, self._callers[connection])
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_AFTER, self._retry, connection)

    def _retry(self, connection: Connection) -> None:
        if self._running:
            self._call(connection, self._callers[connection])


@dataclass(frozen=True, slots=True)
class Window:
    """The calls that ended in so many seconds, and CPU seconds of server and load.

    `bad` counts bad calls before and after the window, too.
    """

    seconds: float
    cpu: float
    load_cpu: float
    latencies: Sequence[float] = field(repr=False)
    bad: int

    @property
    def rate(self) -> float:
        """Return the calls per second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_per_call(self) -> float:
        """Return the CPU microseconds per call."""
        return self.cpu / len(self.latencies) * 1e6

    @property
    def load_percent(self) -> float:
        """Return the part of a core that the load has used, in percent."""
        return self.load_cpu / self.seconds * 100


async def measure_window(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    spread: float,
    seconds: float,
    patience: float,
    cpu: Callable[[], float],
    load_cpu: Callable[[], float],
    fresh: Callable[[], bytes] | None = None,
    shortest: int = 0,
) -> Window:
    """Start a closed loop, and return the window of `seconds` after all have started.

    ConnectionError if no call ends in it.
    """
    loop = ClosedLoop(
        port, requests, connections=connections, fresh=fresh, shortest=shortest
    )
    await loop.open()
    await loop.start(spread=spread)
    first, before = len(loop.latencies), (time.perf_counter(), cpu(), load_cpu())
    await asyncio.sleep(seconds)
    last, after = len(loop.latencies), (time.perf_counter(), cpu(), load_cpu())
    await loop.stop(patience=patience)
    if first == last:
        raise ConnectionError(f"no call has ended in {seconds:g} s")
    latencies = loop.latencies[first:last]
    spent, cpu_spent, load_spent = (b - a for a, b in zip(before, after, strict=True))
    return Window(spent, cpu_spent, load_spent, latencies, loop.bad)


class OpenLoop:
    """Requests at fixed times, whether or not earlier ones have been answered.

    `good` is the right status by name. `bad` counts the others.
    """

    def __init__(
        self, port: int, requests: Mapping[str, bytes], *, good: Mapping[str, int]
    ) -> None:
        self._port = port
        self._requests = requests
        self._good = good
        self._opened: list[Connection] = []
        self._idle: deque[Connection] = deque()
        self._waiting: dict[Connection, str] = {}
        self._opening: dict[asyncio.Task[None], str] = {}
        self._patience = 0.0
        self._latencies: dict[str, list[float]] = {}
        self.bad = 0

    async def run(
        self, *, per_second: float, seconds: float, patience: float
    ) -> Mapping[str, Sequence[float]]:
        """Send so many requests of each name per second; return their latencies.

        A latency begins when the request is due. That of a bad request is `patience`,
        the longest that this waits after the last one.
        """
        self._patience = patience
        self._latencies = {name: [] for name in self._requests}
        names = list(self._requests)
        began, step = time.perf_counter(), 1 / per_second / len(names)
        for place in range(round(seconds / step)):
            due = began + place * step
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._request(names[place % len(names)], due)
        until = time.perf_counter() + patience
        while self._waiting or self._opening:
            if time.perf_counter() > until:
                self._give_up()
            await asyncio.sleep(0.01)
        return self._latencies

    async def close(self) -> None:
        """Close all connections."""
        await _close(self._opened)

    def _request(self, name: str, due: float) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                self._send(connection, name, due)
                return
        task = asyncio.get_running_loop().create_task(self._open(name, due))
        self._opening[task] = name
        task.add_done_callback(self._opened_or_failed)

    async def _open(self, name: str, due: float) -> None:
        connection = await connect(self._port, self._answered)
        self._opened.append(connection)
        self._send(connection, name, due)

    def _opened_or_failed(self, task: asyncio.Task[None]) -> None:
        name = self._opening.pop(task)
        if task.cancelled() or task.exception():
            self._count_bad(name)

    def _send(self, connection: Connection, name: str, due: float) -> None:
        self._waiting[connection] = name
        connection.send(self._requests[name], due=due)

    def _answered(self, connection: Connection, status: int, seconds: float) -> None:
        name = self._waiting.pop(connection, None)
        if name is None:
            return  # given up
        if status == self._good[name]:
            self._latencies[name].append(seconds)
            self._idle.append(connection)
        else:
            self._count_bad(name)

    def _give_up(self) -> None:
        for name in self._waiting.values():
            self._count_bad(name)
        self._waiting.clear()
        for task in self._opening:
            task.cancel()

    def _count_bad(self, name: str) -> None:
        self.bad += 1
        self._latencies[name].append(self._patience)
