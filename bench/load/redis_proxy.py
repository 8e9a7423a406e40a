"""Proxy before a redis-server: `python -m bench.load.redis_proxy PORT MS`.

It adds a delay of MS milliseconds to each answer and counts round trips. A round trip
begins when a client sends something after its last answer. A pipeline is one round
trip, however many packets it takes: answers are held back until the client has sent
nothing for MS milliseconds.

The order {} returns the round trips since the last order, and resets them.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import Any

from bench.load.orders import serve


class Counts:
    """Round trips since the last order."""

    def __init__(self) -> None:
        self.round_trips = 0

    def obey(self, order: Any) -> int:
        """Return the count and reset it."""
        count, self.round_trips = self.round_trips, 0
        return count


class ClientSide(asyncio.Protocol):
    """The connection of a client, with one of its own to Redis."""

    transport: Any

    def __init__(self, port: int, delay: float, counts: Counts) -> None:
        self._port = port
        self._delay = delay
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._redis: Any = None
        self._unsent = bytearray()
        self._held: deque[tuple[float, bytes]] = deque()
        self._sent_at = 0.0
        self._waiting = False

    def connection_made(self, transport: Any) -> None:
        """Connect to Redis; commands wait until then."""
        self.transport = transport
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            self._redis, _ = await self._loop.create_connection(
                lambda: RedisSide(self), "127.0.0.1", self._port
            )
        except OSError:
            self.transport.abort()
            return
        self._redis.write(bytes(self._unsent))

    def data_received(self, data: bytes) -> None:
        """Forward a command."""
        if not self._waiting:
            self._waiting = True
            self._counts.round_trips += 1
        self._sent_at = self._loop.time()
        if self._redis is None:
            self._unsent += data
        else:
            self._redis.write(data)

    def hold(self, data: bytes) -> None:
        """Forward a part of an answer after the delay."""
        if not self._delay:
            self._forward(data)
            return
        self._held.append((self._loop.time() + self._delay, data))
        if len(self._held) == 1:
            self._loop.call_later(self._delay, self._release)

    def _release(self) -> None:
        now, quiet_at = self._loop.time(), self._sent_at + self._delay
        while self._held:
            due = max(self._held[0][0], quiet_at)
            if due > now:
                self._loop.call_later(due - now, self._release)
                return
            self._forward(self._held.popleft()[1])

    def _forward(self, data: bytes) -> None:
        self._waiting = False
        if not self.transport.is_closing():
            self.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Close the connection to Redis."""
        self._connecting.cancel()
        if self._redis:
            self._redis.close()


class RedisSide(asyncio.Protocol):
    """The connection to Redis."""

    def __init__(self, client: ClientSide) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        """Forward an answer."""
        self._client.hold(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Close the connection of the client."""
        self._client.transport.close()


async def main(port: str, milliseconds: str) -> None:
    """Serve until stdin ends."""
    counts, delay = Counts(), float(milliseconds) / 1000
    await serve(lambda: ClientSide(int(port), delay, counts), counts.obey)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
