"""Callers that send a request too slowly are disconnected."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from tornado.web import Application, RequestHandler

from host.server import serving
from host.server.workers import Workers

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


class Said(RequestHandler):
    def post(self):
        self.write("done")


async def drip(port, text):
    """Send the text byte by byte until the host hangs up; return what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for place in range(len(text)):
        writer.write(text[place : place + 1])
        await asyncio.sleep(0.02)
        if reader.at_eof():
            break
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:  # it hung up on what was still under way
        return b""
    finally:
        writer.close()


async def served(port_and_text, *, sockets, timeouts):
    """Serve for as long as the caller needs."""
    ready = asyncio.Event()
    workers = Workers(threads=1, timeouts=False)
    running = asyncio.create_task(
        serving.serve(
            Application([("/", Said)], log_function=lambda _: None),
            sockets=sockets,
            workers=workers,
            shutdown=serving.Shutdown(5),
            timeouts=timeouts,
            on_ready=ready.set,
        )
    )
    await ready.wait()
    said = await drip(*port_and_text)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    return said


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (POST + b"X-A: " + b"1" * 1000, False),
        (POST + b"Content-Length: 1000\r\n\r\n" + b"1" * 999, False),
        (POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n12", True),
    ],
    ids=["head", "body", "in time"],
)
def test_a_slow_caller_is_disconnected(text, done):
    """Head and body have a timeout each; a caller within both is answered."""
    timeouts = serving.ReadTimeouts(
        idle=30.0 if done else 1.5, body=10.0 if done else 1.0
    )
    sockets = serving.listen(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    said = asyncio.run(served((port, text), sockets=sockets, timeouts=timeouts))

    assert done == said.endswith(b"done")
    assert done or said == b""
