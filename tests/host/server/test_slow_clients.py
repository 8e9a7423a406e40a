"""Callers that send a request too slowly are disconnected."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from host.server import serving
from host.server.application import make_application
from host.server.request_body import BodyBudget, LeastRate
from host.server.workers import Workers
from template.served import read_template
from tests.support.local_hosts import SITE

POST = b"POST /answers/tag HTTP/1.1\r\nHost: a\r\n"


async def drip(port, text):
    """Send the text byte by byte until the host says something; return that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = asyncio.create_task(reader.read(65536))
    for place in range(len(text)):
        writer.write(text[place : place + 1])
        await asyncio.sleep(0.02)
        if told.done():
            break
    try:
        return await asyncio.wait_for(told, 20)
    except ConnectionResetError:  # it hung up on what was still under way
        return b""
    finally:
        writer.close()


async def served(port_and_text, *, sockets, idle_seconds, least_rate):
    """Serve for as long as the caller needs."""
    ready = asyncio.Event()
    workers = Workers(threads=1, timeouts=False)
    settings = {
        "workers": workers,
        "trusted_hops": 0,
        "body_budget": BodyBudget(10_000),
        "least_rate": least_rate,
    }
    made = make_application(read_template(SITE), process={}, settings=settings)
    running = asyncio.create_task(
        serving.serve(
            made,
            sockets=sockets,
            workers=workers,
            shutdown=serving.Shutdown(5),
            idle_seconds=idle_seconds,
            max_connections=10,
            on_ready=ready.set,
        )
    )
    await ready.wait()
    said = await drip(*port_and_text)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    return said


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (POST + b"X-A: " + b"1" * 1000, b""),
        (POST + b"Content-Length: 1000\r\n\r\n" + b"1" * 999, b'too slowly"}'),
        (POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n12", b"plain"),
    ],
    ids=["head", "body", "in time"],
)
def test_a_slow_caller_is_disconnected(text, ends):
    """A head has a time, a body a least rate; a caller within both is answered."""
    in_time = ends == b"plain"
    sockets = serving.listen(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    said = asyncio.run(
        served(
            (port, text),
            sockets=sockets,
            idle_seconds=30.0 if ends else 1.5,
            least_rate=LeastRate(200, 10.0 if in_time else 1.0),
        )
    )

    assert said.endswith(ends)
    assert ends or said == b""


def test_a_slow_body_that_keeps_the_rate_is_taken():
    """A phone's upload may take far longer than the time of one look."""
    text = POST + b"Content-Length: 150\r\nConnection: close\r\n\r\n" + b"1" * 150
    sockets = serving.listen(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    said = asyncio.run(
        served(
            (port, text),
            sockets=sockets,
            idle_seconds=30.0,
            least_rate=LeastRate(5, 0.5),
        )
    )

    assert said.endswith(b"plain")
