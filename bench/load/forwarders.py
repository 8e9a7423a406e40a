"""Forwarders of figures 10, 11 and 13: `python -m bench.load.forwarders NAME URL`.

Each is what a team would write itself: it knows the tokens of its callers, inserts the
real one, forwards the call and logs a line. One process, one thread.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import time
from typing import Any

from bench.load.wechat import REAL_TOKEN

AIOHTTP, TORNADO = "aiohttp forwarder", "Tornado + AsyncHTTPClient"

CALLER_TOKEN = "c" * 136
REAL_TOKENS = {CALLER_TOKEN: ("caller", REAL_TOKEN)}
AT_ONCE = 1024
BACKLOG = 1024

log = logging.getLogger("forwarder")


async def _aiohttp(upstream_url: str) -> None:
    web: Any = importlib.import_module("aiohttp.web")
    client: Any = importlib.import_module("aiohttp")
    connector = client.TCPConnector(limit=0)

    async def forward(request: Any) -> Any:
        pairs: dict[str, str] = dict(request.query)
        caller, real_token = REAL_TOKENS.get(pairs.get("access_token", ""), ("", ""))
        if not caller:
            return web.json_response({"errcode": 40001}, status=401)
        pairs["access_token"] = real_token
        began = time.monotonic()
        async with session.request(
            request.method,
            upstream_url + request.path,
            params=pairs,
            data=await request.read() or None,
        ) as answer:
            body, kind = await answer.read(), answer.headers["Content-Type"]
        ms = (time.monotonic() - began) * 1000
        audit = (caller, request.method, request.path, answer.status, ms)
        log.info("%s %s %s %s %.1fms", *audit)
        headers = {"Content-Type": kind}
        return web.Response(status=answer.status, body=body, headers=headers)

    async with client.ClientSession(connector=connector) as session:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG)
        await site.start()
        await _ready(runner.addresses[0][1])


async def _tornado(upstream_url: str) -> None:
    from urllib.parse import urlencode

    from tornado.httpclient import AsyncHTTPClient, HTTPRequest
    from tornado.web import Application, RequestHandler

    AsyncHTTPClient.configure(None, max_clients=AT_ONCE)
    http = AsyncHTTPClient()

    class Forward(RequestHandler):
        async def get(self) -> None:
            pairs = {name: self.get_argument(name) for name in self.request.arguments}
            caller, real_token = REAL_TOKENS[pairs["access_token"]]
            query = urlencode({**pairs, "access_token": real_token})
            began = time.monotonic()
            url = f"{upstream_url}{self.request.path}?{query}"
            answer = await http.fetch(HTTPRequest(url), raise_error=False)
            ms = (time.monotonic() - began) * 1000
            audit = (caller, self.request.method, self.request.path, answer.code, ms)
            log.info("%s %s %s %s %.1fms", *audit)
            self.set_status(answer.code)
            self.set_header("Content-Type", answer.headers["Content-Type"])
            self.finish(answer.body)

    app = Application([("/.*", Forward)], log_function=lambda handler: None)
    server = app.listen(0, "127.0.0.1", backlog=BACKLOG)
    (socket,) = server._sockets.values()
    await _ready(socket.getsockname()[1])


async def _ready(port: int) -> None:
    print(f"ready http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


SERVE = {AIOHTTP: _aiohttp, TORNADO: _tornado}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(SERVE[sys.argv[1]](sys.argv[2]))
