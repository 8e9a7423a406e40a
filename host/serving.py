"""Serves until told to end, and then lets what is in flight finish."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from socket import socket

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerConnectionDelegate
from tornado.netutil import bind_sockets

from host.cannot_start import CannotStart
from host.workers import Workers

PATIENCE = 5.0
IDLE_SECONDS = 75.0
"""For the head of a request, however it is dripped, and between two of them."""

BODY_SECONDS = 600.0
"""For a body: the largest comes at 55 KB a second."""

_LARGEST = 256 * 1024 * 1024  # read, not kept: a body beyond FC's limit gets its answer


def listen(port: int, address: str) -> list[socket]:
    """Return listening sockets; CannotStart names the port that is taken."""
    try:
        return bind_sockets(port, address)
    except OSError as error:
        raise CannotStart(
            f"Port {port} of {address} cannot be used: {os.strerror(error.errno or 0)}."
            " --port= (make run PORT=) chooses another one."
        ) from None


async def serve(
    application: HTTPServerConnectionDelegate,
    *,
    sockets: Sequence[socket],
    workers: Workers,
    on_ready: Callable[[], None],
) -> bool:
    """Serve until SIGINT or SIGTERM; tell whether every request got its answer."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    server = HTTPServer(
        application,
        max_body_size=_LARGEST,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
    )
    server.add_sockets(sockets)
    on_ready()
    await ended.wait()
    server.stop()
    drained = await workers.drain(PATIENCE)
    await server.close_all_connections()
    return drained
