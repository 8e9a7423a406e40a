"""Serving on open sockets until a signal, with time for requests in flight."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from socket import socket

from tornado.httputil import HTTPServerConnectionDelegate
from tornado.netutil import bind_sockets

from host.cannot_start import CannotStart
from host.processes.connection_counts import OwnCount
from host.processes.signals import ENDING
from host.server.server import Server
from host.server.workers import Workers

_LINGER_SECONDS = 0.5
_ANY_SIZE = 1 << 60
"""The handlers limit bodies: what they refuse is read, but not kept."""

IDLE_SECONDS = 75.0
"""Seconds for the head of a request, however slowly it comes, and between two requests.
A proxy in front has to close an idle connection before."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The end of the host: requests in flight get so many seconds.

    Before that it serves on for `drain_seconds`. A second signal ends it at once,
    unless another process decides about that.
    """

    seconds: float
    second_signal_ends: bool = True
    drain_seconds: float = 0.0


def listen(port: int, address: str) -> list[socket]:
    """Return listening sockets; CannotStart names the port or address that fails."""
    try:
        return bind_sockets(port, address)
    except (OSError, UnicodeError) as error:  # the latter of a name with `..` in it
        reason = getattr(error, "strerror", None) or error
        raise CannotStart(
            f"Port {port} of {address} cannot be used: {reason}."
            " --port= (make run PORT=) chooses another one."
        ) from None


async def serve(
    application: HTTPServerConnectionDelegate,
    *,
    sockets: Sequence[socket],
    workers: Workers,
    shutdown: Shutdown,
    on_ready: Callable[[], None],
    max_connections: int,
    count: OwnCount | None = None,
    idle_seconds: float = IDLE_SECONDS,
    goes_on: Callable[[], bool] = lambda: False,
    on_drain: Callable[[], None] = lambda: None,
) -> bool:
    """Serve until SIGINT or SIGTERM; False if a second one cut the shutdown short.

    While anything `goes_on` beside the requests, it counts as one in flight.
    """
    server = Server(
        application,
        max_body_size=_ANY_SIZE,
        idle_connection_timeout=idle_seconds,
        max_connections=max_connections,
        count=count,
    )
    first, second = _ending_signals()
    server.add_sockets(sockets)
    on_ready()
    await first.wait()
    cut_short = second if shutdown.second_signal_ends else asyncio.Event()
    # From now on answers say `Connection: close`: callers connect to another process.
    server.conn_params.no_keep_alive = True
    on_drain()
    drained = asyncio.get_running_loop().time() + shutdown.drain_seconds
    await _until(lambda: False, drained, cut_short=cut_short)
    server.stop()
    await _finish(
        server,
        lambda: not (workers.in_flight or goes_on()),
        seconds=shutdown.seconds,
        cut_short=cut_short,
    )
    workers.stop()
    await server.close_all_connections()
    return not cut_short.is_set()


async def _finish(
    server: Server,
    is_idle: Callable[[], bool],
    *,
    seconds: float,
    cut_short: asyncio.Event,
) -> None:
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    await _until(is_idle, deadline, cut_short=cut_short)
    # An idle connection may be about to bring a request that nobody else will answer.
    linger = now() + _LINGER_SECONDS
    await _until(lambda: not server.open, linger, cut_short=cut_short)
    await _until(is_idle, deadline, cut_short=cut_short)


def _ending_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Return two events: one for the first signal to end, one for a second signal."""
    first, second = asyncio.Event(), asyncio.Event()

    def note() -> None:
        (second if first.is_set() else first).set()

    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, note)
    signal.pthread_sigmask(
        signal.SIG_UNBLOCK, ENDING
    )  # one of several has them blocked
    return first, second


async def _until(
    done: Callable[[], bool], deadline: float, *, cut_short: asyncio.Event
) -> None:
    now = asyncio.get_running_loop().time
    while not done() and not cut_short.is_set() and now() < deadline:
        await asyncio.sleep(0.02)
