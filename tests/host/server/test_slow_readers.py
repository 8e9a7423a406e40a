"""Callers who do not take their answer are cut off."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from host.server import answering, serving
from host.server.application import make_application
from host.server.request_body import BodyBudget
from host.server.workers import Workers
from template.served import read_template
from tests.support.local_hosts import SITE

MB = 1024 * 1024


async def asked(sockets, path, *, reads):
    """Return how many bytes came, and whether the request was let go of."""
    ready, workers = asyncio.Event(), Workers(threads=2, timeouts=False)
    settings = {
        "workers": workers,
        "trusted_hops": 0,
        "body_budget": BodyBudget(10_000),
        "fc_limits": False,
        "send_seconds": 0.5,
    }
    made = make_application(read_template(SITE), process={}, settings=settings)
    running = asyncio.create_task(
        serving.serve(
            made,
            sockets=sockets,
            workers=workers,
            shutdown=serving.Shutdown(5),
            max_connections=10,
            on_ready=ready.set,
        )
    )
    await ready.wait()
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    caller.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(caller, sockets[0].getsockname())
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
    await loop.sock_sendall(caller, request.encode())
    size = len(await loop.sock_recv(caller, 1000))
    if not reads:
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if not workers.in_flight:
                break
    is_free = not workers.in_flight
    try:
        while piece := await asyncio.wait_for(loop.sock_recv(caller, MB), 1.0):
            size += len(piece)
    except (ConnectionResetError, TimeoutError, asyncio.TimeoutError):
        pass
    caller.close()
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    return size, is_free


@pytest.mark.parametrize("reads", [True, False])
def test_an_answer_in_parts(reads):
    """Each part has its time; a caller who reads gets all of them."""
    sockets = serving.listen(0, "127.0.0.1")
    size, is_free = asyncio.run(asked(sockets, "/answers/parts?20", reads=reads))

    assert (size >= 20 * MB) == reads
    assert is_free != reads


@pytest.mark.parametrize("reads", [True, False])
def test_a_whole_answer(monkeypatch, reads):
    """It has a time for all of it."""
    monkeypatch.setattr(answering, "LEAST_SENT", 32 * MB)
    sockets = serving.listen(0, "127.0.0.1")
    size, is_free = asyncio.run(asked(sockets, "/answers/largest", reads=reads))

    assert (size >= 6 * MB) == reads
    assert is_free != reads
