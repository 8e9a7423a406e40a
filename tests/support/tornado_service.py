"""A Tornado service on a port of its own, and a browser that visits it."""

from __future__ import annotations

import asyncio
import threading
from http.cookies import SimpleCookie

import urllib3
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


class Service:
    """Runs an application in a thread; `make` gets its address and returns it."""

    def __init__(self, make, **server):
        (self._socket,) = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._make, self._server = make, server
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._ready = threading.Event()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _serve(self):
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = HTTPServer(self._make(self.url), **self._server)
        server.add_sockets([self._socket])
        self._ready.set()
        await self._end.wait()
        server.stop()
        await server.close_all_connections()


class Browser:
    """Keeps cookies by name, as a browser does for one host name and all its ports."""

    def __init__(self, user_agent=WECHAT):
        self.cookies = {}
        self.lines = []
        self._agent = user_agent
        self.http = urllib3.PoolManager(retries=False, timeout=20)

    def get(self, url, *, method="GET", **more):
        """Ask, without following a redirect; `more` are headers."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"User-Agent": self._agent, **({"Cookie": pairs} if pairs else {})}
        answer = self.http.request(
            method, url, headers={**headers, **more}, redirect=False
        )
        for line in answer.headers.getlist("Set-Cookie"):
            self.lines.append(line)
            self._keep(SimpleCookie(line))
        return answer

    def _keep(self, cookies):
        for name, morsel in cookies.items():
            self.cookies.pop(name, None)
            if morsel.value:
                self.cookies[name] = morsel.value
