"""Server of a measurement: prints its port, then answers orders, one JSON per line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

BACKLOG = 1024
"""More connections than any figure opens at once."""


async def serve(
    make_protocol: Callable[[], asyncio.Protocol], obey: Callable[[Any], Any]
) -> None:
    """Serve on a free loopback port until stdin ends.

    `obey` returns the answer to an order; the sender waits for it.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make_protocol, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def read() -> None:
        line = sys.stdin.readline()
        if line:
            print(json.dumps(obey(json.loads(line))), flush=True)
        else:
            loop.remove_reader(sys.stdin.fileno())
            ended.set()

    loop.add_reader(sys.stdin.fileno(), read)
    await ended.wait()
