"""WeChat's API under load: the target of a call says how long its answer takes.

    GET /cgi-bin/token, POST /cgi-bin/stable_token   the real token
    GET /sns/oauth2/access_token, /sns/userinfo      a user who signs in
    GET ...&size=N                                   a file of N bytes
    POST                                             the size of the body
    GET                                              a user
    ...&delay_ms=N                                   the same after N ms

The order {} returns the counts since the last order, and resets them. With
{"expires_in": N} tokens live for N seconds from then on.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.load.http_connection import HttpConnection, HttpRequest
from bench.load.orders import serve
from bench.upstream import USER

REAL_TOKEN = "r" * 136
OPENID, UNIONID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "o6_bmasdasdsad6_2sgVtMI_lzvw"

LIFETIME = 7200

_COUNTED = ("calls", "without_token", "fetches", "connections")
_CREDENTIALS = ("/cgi-bin/token", "/cgi-bin/stable_token", "/sns/oauth2/access_token")
_HEADERS = "Content-Type: {}\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
_JSON = _HEADERS.format("application/json; encoding=utf-8")
_FILE = _HEADERS.format("image/jpeg")


class Counts:
    """Calls with a token, those without the right one, fetches, connections."""

    def __init__(self) -> None:
        self.expires_in = LIFETIME
        self._reset()

    def _reset(self) -> None:
        self.calls = self.without_token = self.fetches = self.connections = 0

    def obey(self, order: Any) -> dict[str, int]:
        """Return the counts and reset them."""
        counts = {name: vars(self)[name] for name in _COUNTED}
        self.expires_in = order.get("expires_in", self.expires_in)
        self._reset()
        return counts


class WeChatConnection(HttpConnection):
    """A connection from the gateway or from another forwarder."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self._counts = counts
        counts.connections += 1

    def answer(self, request: HttpRequest) -> None:
        """Count the call, and answer it after its delay."""
        target, counts = urlsplit(request.target), self._counts
        pairs = dict(parse_qsl(target.query))
        if target.path in _CREDENTIALS:
            counts.fetches += 1
        else:
            counts.calls += 1
            counts.without_token += pairs.get("access_token") != REAL_TOKEN
        if "delay_ms" in pairs:
            loop = asyncio.get_running_loop()
            loop.call_later(int(pairs["delay_ms"]) / 1000, self._write, request, pairs)
        else:
            self._write(request, pairs)

    def _write(self, request: HttpRequest, pairs: dict[str, str]) -> None:
        if "size" in pairs:
            self.write("200 OK", _FILE, bytes(int(pairs["size"])))
        else:
            content = json.dumps(self._content(request), ensure_ascii=False)
            self.write("200 OK", _JSON, content.encode())

    def _content(self, request: HttpRequest) -> dict[str, Any]:
        path, lifetime = urlsplit(request.target).path, self._counts.expires_in
        if path == "/sns/oauth2/access_token":
            return {
                "access_token": REAL_TOKEN,
                "expires_in": lifetime,
                "refresh_token": "refresh",
                "openid": OPENID,
                "scope": "snsapi_userinfo",
                "unionid": UNIONID,
            }
        if path == "/sns/userinfo":
            return {"openid": OPENID, "nickname": "张三", "unionid": UNIONID}
        if path in _CREDENTIALS:
            return {"access_token": REAL_TOKEN, "expires_in": lifetime}
        if request.method == "POST":
            return {"errcode": 0, "errmsg": "ok", "size": request.size}
        return dict(USER)


async def main() -> None:
    """Serve until stdin ends."""
    counts = Counts()
    await serve(lambda: WeChatConnection(counts), counts.obey)


if __name__ == "__main__":
    asyncio.run(main())
