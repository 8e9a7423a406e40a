"""Candidates of figure 5: each sends the same request to one upstream, kept alive."""

from __future__ import annotations

import http.client
import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import fc
from bench.sdk import Wechatpy
from bench.source import SECRET
from bench.turns import Call, installed
from functions.wechat_api.index import ROUTES, dialect
from runtime.entry.entrypoint import entrypoint
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.registry.schema import app_document, client_document

DIRECT, OURS, RATED = "http.client alone", "ours", "ours, client with a rate"
FLOOR, WECHATPY = "redis-py GET + urllib3", "wechatpy client.get"

TARGET = "/cgi-bin/user/info?openid=o6_bmjrPTlm6_2sgVt7hMZOPfL2M&lang=zh_CN"
APPID = "wx" + "5" * 16
TOKEN = "a" * 136


@contextmanager
def candidates(
    folder: Path, redis_url: str, upstream_url: str
) -> Iterator[Mapping[str, Call]]:
    """Yield a call of each installed candidate; it returns the body."""
    with ExitStack() as stack:
        calls = {DIRECT: _direct(stack, upstream_url)}
        calls |= _ours(
            stack, fc.gateway(folder, REDIS_URL=redis_url, WECHAT_API_URL=upstream_url)
        )
        if installed("urllib3"):
            calls[FLOOR] = _floor(redis_url, upstream_url)
        if installed("wechatpy"):
            calls[WECHATPY] = _wechatpy(redis_url, upstream_url)
        yield calls


def _direct(stack: ExitStack, upstream_url: str) -> Call:
    connection = http.client.HTTPConnection(urlsplit(upstream_url).netloc)
    stack.callback(connection.close)
    target = f"{TARGET}&access_token={TOKEN}"

    def call() -> bytes:
        connection.request("GET", target)
        return connection.getresponse().read()

    return call


def _ours(stack: ExitStack, gateway: Gateway) -> dict[str, Call]:
    stack.enter_context(audit_lines())
    app = {"kind": "service", "secret": SECRET, "token_mode": "plain"}
    gateway.documents.write("apps", APPID, app_document(APPID, app), after=0)
    rate = {"per_second": 10_000, "burst": 100_000}
    return {
        OURS: client_call(gateway, "plain", {}),
        RATED: client_call(gateway, "rated", {"rate": rate}),
    }


def client_call(gateway: Gateway, client_id: str, more: Mapping[str, Any]) -> Call:
    """Return a call by a new client of the app."""
    content = {
        "name": client_id,
        "scopes": {APPID: ["/cgi-bin/*"]},
        "secret_hashes": [hash_secret(SECRET)],
        **more,
    }
    document = client_document(client_id, content)
    gateway.documents.write("clients", client_id, document, after=0)
    client: Any = gateway.registry.client(client_id)
    token = gateway.gateway_tokens.issue(client, APPID, now=gateway.clock())
    environ = fc.environ(f"{TARGET}&access_token={token}")
    handler = entrypoint(
        ROUTES, mount="/wechat_api", dialect=dialect, gateway=lambda: gateway
    )
    return lambda: b"".join(handler(environ, _start_response))


def _start_response(status: str, headers: list[tuple[str, str]]) -> None:
    if status != "200 OK":
        raise ConnectionError(status)


@contextmanager
def audit_lines() -> Iterator[None]:
    """Write audit lines as Function Compute does, to nowhere."""
    # FC writes what is logged from INFO on, so the line belongs to the call.
    log = logging.getLogger("gateway")
    with open(os.devnull, "w") as nowhere:
        lines = logging.StreamHandler(nowhere)
        log.addHandler(lines)
        log.setLevel(logging.INFO)
        log.propagate = False
        try:
            yield
        finally:
            log.removeHandler(lines)
            log.setLevel(logging.NOTSET)
            log.propagate = True


def _floor(redis_url: str, upstream_url: str) -> Call:
    from redis import Redis

    pool: Any = importlib.import_module("urllib3").PoolManager()
    redis: Any = Redis.from_url(redis_url)
    redis.set("token", TOKEN)

    def call() -> bytes:
        token = redis.get("token").decode()
        url = f"{upstream_url}{TARGET}&access_token={token}"
        body: bytes = pool.request("GET", url).data
        return body

    return call


def _wechatpy(redis_url: str, upstream_url: str) -> Call:
    client = Wechatpy(redis_url, upstream_url).client(APPID)
    return lambda: client.get(upstream_url + TARGET)
