"""WeChat's token endpoint, where each fetch takes a fixed time, and an API.

    GET /cgi-bin/token?appid=A   a new token, the newest of A from now on
    GET /seen                    {appid: [fetches, newest token]}
    GET anything else            the same answer at once

A fetch counts when it arrives, and its token is made half-way: one half of the time is
the way there, the other the way back. It ends with its stdin.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECONDS = 0.2
AT_ONCE = 1024

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Connection: keep-alive\r\n"
    b"Content-Type: application/json; encoding=utf-8\r\n"
    b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
)
"""Begin of WeChat's answers."""

USER = {
    "subscribe": 1,
    "openid": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
    "language": "zh_CN",
    "subscribe_time": 1382694957,
    "remark": "",
    "groupid": 0,
    "tagid_list": [128, 2],
    "subscribe_scene": "ADD_SCENE_QR_CODE",
}


class Upstream:
    """Count of the fetches, and the newest token, of each app."""

    def __init__(self) -> None:
        self._seen: dict[str, list[Any]] = {}

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection until it ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                answer = await self._answer(head.split(b" ", 2)[1].decode())
                content = json.dumps(answer).encode()
                length = f"Content-Length: {len(content)}\r\n\r\n".encode()
                writer.write(HEAD + length + content)
        writer.close()

    async def _answer(self, target: str) -> dict[str, Any]:
        address = urlsplit(target)
        if address.path == "/seen":
            return self._seen
        if address.path != "/cgi-bin/token":
            return USER
        (appid,) = parse_qs(address.query)["appid"]
        app = self._seen.setdefault(appid, [0, ""])
        app[0] += 1
        await asyncio.sleep(SECONDS / 2)
        number = int(app[1].rpartition("-")[2] or 0) + 1
        token = app[1] = f"{appid}-{number}"
        await asyncio.sleep(SECONDS / 2)
        return {"access_token": token, "expires_in": 7200}


async def main() -> None:
    """Serve on a free port, print the port, and end when stdin ends."""
    server = await asyncio.start_server(
        Upstream().serve, "127.0.0.1", 0, backlog=AT_ONCE
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
