"""Serves until told to end, and then lets what is in flight finish."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from socket import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
)
from tornado.netutil import bind_sockets

from host.cannot_start import CannotStart
from host.server.workers import Workers

IDLE_SECONDS = 75.0
"""For the head of a request, however it is dripped, and between two of them."""

BODY_SECONDS = 600.0
"""For a body: the largest comes at 55 KB a second."""

_LINGER = 0.5
_LARGEST = 256 * 1024 * 1024  # read, not kept: a body beyond FC's limit gets its answer


@dataclass(frozen=True, slots=True)
class Ending:
    """How the host ends: what is in flight gets so many seconds.

    A second signal ends it at once, unless another process decides about that.
    """

    seconds: float
    may_be_hurried: bool = True


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


class Server(HTTPServer):
    """Tornado's server, which knows its open connections."""

    def initialize(self, *arguments: Any, **named: Any) -> None:
        """Begin with none."""
        super().initialize(*arguments, **named)
        self.open: set[object] = set()

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Wait for the next request of a connection."""
        self.open.add(server_conn)
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Forget a connection."""
        self.open.discard(server_conn)
        super().on_close(server_conn)


async def serve(
    application: HTTPServerConnectionDelegate,
    *,
    sockets: Sequence[socket],
    workers: Workers,
    ending: Ending,
    on_ready: Callable[[], None],
) -> bool:
    """Serve until SIGINT or SIGTERM; False if a second one cut the ending short."""
    server = Server(
        application,
        max_body_size=_LARGEST,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
    )
    ended, hurried = _told_to_end()
    server.add_sockets(sockets)
    on_ready()
    await ended.wait()
    server.stop()
    cut_short = hurried if ending.may_be_hurried else asyncio.Event()
    await _finish(server, workers, seconds=ending.seconds, unless=cut_short)
    workers.stop()
    await server.close_all_connections()
    return not cut_short.is_set()


async def _finish(
    server: Server, workers: Workers, *, seconds: float, unless: asyncio.Event
) -> None:
    # From now on an answer says `Connection: close`: whoever has more goes elsewhere.
    server.conn_params.no_keep_alive = True
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    await _until(lambda: not workers.in_flight, deadline, unless=unless)
    # An idle connection may be about to bring a request that nobody else will answer.
    await _until(lambda: not server.open, now() + _LINGER, unless=unless)
    await _until(lambda: not workers.in_flight, deadline, unless=unless)


def _told_to_end() -> tuple[asyncio.Event, asyncio.Event]:
    """Return what the first signal sets, and what the next one does."""
    ended, hurried = asyncio.Event(), asyncio.Event()

    def tell() -> None:
        (hurried if ended.is_set() else ended).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, tell)
    return ended, hurried


async def _until(
    done: Callable[[], bool], deadline: float, *, unless: asyncio.Event
) -> None:
    now = asyncio.get_running_loop().time
    while not done() and not unless.is_set() and now() < deadline:
        await asyncio.sleep(0.02)
