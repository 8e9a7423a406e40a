"""Figure 7: cost of the adapter between the platform and an empty function."""

from __future__ import annotations

import asyncio
import importlib
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import fc
from bench.cores import on_core
from bench.report import Bar, Figure, ratios, spread
from bench.turns import Call, cpu_of_calls, installed
from runtime.entry.dialects import api_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import UNREAD_BODY, route
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response

PATH = "/hello"
HELLO = b"hello"
TEXT = (("Content-Type", "text/plain; charset=utf-8"),)

BARE, BY_WSGI, BY_EVENT = "bare WSGI", "ours, FC 2.0", "ours, FC 3.0"
SERVERLESS_WSGI, MANGUM = "serverless_wsgi", "mangum"


def measure(*, rounds: int, count: int) -> list[Figure]:
    """Measure `count` calls of each in turn; nothing connects to anything."""
    with on_core(0), candidates() as calls:
        costs = cpu_of_calls(calls, rounds=rounds, count=count)
    return [_figure(costs, f"{rounds} × {count} calls")]


def _figure(costs: Mapping[str, Sequence[float]], shape: str) -> Figure:
    peers = [name for name in (BARE, MANGUM) if name in costs]
    head = ("adapter", "CPU, us", *(f"ratio to {name}" for name in peers))
    figure = Figure(f"7. A function that does nothing: {shape}", head)
    for name, each in costs.items():
        ratio = {peer: ratios(each, costs[peer]) for peer in peers}
        cells = map(spread, ratio.values())
        figure.rows.append((name, spread(each, ".1f"), *cells))
        if name in (BY_WSGI, BY_EVENT) and MANGUM in costs:
            measured = statistics.median(ratio[MANGUM])
            bar = Bar(f"7. {name} / {MANGUM}", measured, 0.6, 0.3, timed=True)
            figure.bars.append(bar)
    return figure


@contextmanager
def candidates() -> Iterator[Mapping[str, Call]]:
    """Yield a call of each installed candidate; it returns what the platform gets."""
    calls: dict[str, Call] = {BARE: _wsgi_call(_app), **_ours()}
    event = fc.lambda_event(PATH)
    if installed("serverless_wsgi"):
        handle: Any = importlib.import_module("serverless_wsgi").handle_request
        calls[SERVERLESS_WSGI] = lambda: handle(_app, event, None)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # mangum uses it, and would leave its own open
    if installed("mangum"):
        mangum: Any = importlib.import_module("mangum").Mangum(_asgi, lifespan="off")
        calls[MANGUM] = lambda: mangum(event, None)
    try:
        yield calls
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _ours() -> dict[str, Call]:
    gateway = fc.gateway(Path("config"))
    handler = entrypoint(
        _ROUTES, mount=PATH, dialect=api_dialect, gateway=lambda: gateway
    )
    event = fc.event(PATH)
    return {BY_WSGI: _wsgi_call(handler), BY_EVENT: lambda: handler(event, None)}


def _wsgi_call(app: Callable[[Any, Any], Any]) -> Call:
    environ = fc.environ(PATH)
    return lambda: app(environ, _start_response)


def _start_response(status: str, headers: list[tuple[str, str]]) -> None:
    """Accept status and headers, as the platform does."""


def _handle(request: Request, gateway: Gateway) -> Response:
    return Response(200, TEXT, HELLO)


_ROUTES = (route(r"/", body=UNREAD_BODY, GET=_handle),)


def _app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", list(TEXT))
    return [HELLO]


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in TEXT]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": HELLO})
