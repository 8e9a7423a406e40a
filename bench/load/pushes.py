"""Figures 19 and 20: pushes that a service replies to, by way of the gateway."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.cores import PINNED, on_core
from bench.load.callers import Window, measure_window
from bench.load.message_server import AES_KEY, TOKEN, WECHATPY, WEROBOT
from bench.load.servers import Server, open_module
from bench.load.site import APP, HOST, LOGIN_CLIENT, Site
from bench.load.testbed import SERVER_CORE, Testbed, open_testbed
from bench.proxied_calls import OURS
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns, installed
from runtime.gateway import Gateway
from runtime.push.encryption import encrypt, key_of, signature
from runtime.registry.schema import app_document
from runtime.settings import settings_from

MOST_PER_SECOND = 6000
"""Requests that are made before a window for each of its seconds; none comes twice."""

SHORTEST_REPLY = 100
"""Characters: `success` is no reply, and an encrypted one has more."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Pushes:
    """Pushes on so many connections, each with one in flight, for so many seconds."""

    rounds: int
    connections: int
    seconds: float


def measure_latency(load: Pushes) -> list[Figure]:
    """Measure figure 19: from a push to its passive reply."""
    title = f"19. Push to passive reply: {load.rounds} × {load.seconds:g} s, {PINNED}"
    windows, bad = _measure(load)
    values = {
        name: [statistics.median(w.latencies) * 1000 for w in each]
        for name, each in windows.items()
    }
    figure = _figure(title, "median, ms", values)
    if WECHATPY in values:
        measured = statistics.median(ratios(values[OURS], values[WECHATPY]))
        figure.bars.append(Bar(f"19. push / {WECHATPY}", measured, 3, 1.8, timed=True))
    figure.bars.append(Bar("19. pushes without a reply", bad, 0, 0))
    return [figure]


def measure_rate(load: Pushes) -> list[Figure]:
    """Measure figure 20: replies per second of one process on one core."""
    shape = f"{load.connections} connections, {load.rounds} × {load.seconds:g} s"
    windows, bad = _measure(load)
    values = {name: [w.rate for w in each] for name, each in windows.items()}
    figure = _figure(f"20. Pushes per second: {shape}, {PINNED}", "pushes/s", values)
    if WECHATPY in values:
        measured = statistics.median(ratios(values[OURS], values[WECHATPY]))
        figure.bars.append(
            Bar(
                *(f"20. pushes/s / {WECHATPY}", measured, 0.3, 0.5),
                timed=True,
                at_least=True,
            )
        )
    figure.bars.append(Bar("20. pushes without a reply", bad, 0, 0))
    return [figure]


def _figure(title: str, what: str, values: Mapping[str, Sequence[float]]) -> Figure:
    compared = [name for name in values if name != OURS]
    figure = Figure(title, ("server", what, *(f"ratio to {name}" for name in compared)))
    for name, each in values.items():
        others = (spread(ratios(each, values[other])) for other in compared)
        figure.rows.append((name, spread(each, ".3g"), *others))
    return figure


def _measure(load: Pushes) -> tuple[Mapping[str, Sequence[Window]], int]:
    """Return the windows of each server, and ours' pushes without a reply."""
    with open_testbed() as testbed:
        windows = in_turns(
            {
                name: partial(_window, testbed, server, path, load)
                for name, (server, path) in _candidates(testbed).items()
            },
            rounds=load.rounds,
        )
    return windows, sum(window.bad for window in windows[OURS])


def _window(testbed: Testbed, server: Server, path: str, load: Pushes) -> Window:
    count = round((load.seconds + 1) * MOST_PER_SECOND)
    made = iter([push(path) for _ in range(count)])
    return asyncio.run(
        measure_window(
            server.port,
            [b""] * load.connections,
            connections=load.connections,
            spread=0.5,
            seconds=load.seconds,
            patience=10.0,
            cpu=server.cpu,
            load_cpu=testbed.load_cpu,
            fresh=lambda: next(made),
            shortest=SHORTEST_REPLY,
        )
    )


def _candidates(testbed: Testbed) -> Mapping[str, tuple[Server, str]]:
    """Return each server with the path of its pushes; ours relays to a wechatpy one."""
    peers = [
        name
        for name, package in ((WECHATPY, "wechatpy"), (WEROBOT, "werobot"))
        if installed(package)
    ]
    candidates = {}
    if WECHATPY in peers:
        service = testbed.stack.enter_context(_server(testbed, WECHATPY))
        route = {"url": f"http://127.0.0.1:{service.port}/", "reply": True}
        site = with_routes(testbed.site(), route)
        candidates[OURS] = (testbed.gateway(site), f"/wechat_event/{APP}")
    with on_core(SERVER_CORE):
        for name in peers:
            server = testbed.stack.enter_context(_server(testbed, name))
            candidates[name] = (server, "/")
    return candidates


def _server(testbed: Testbed, kind: str) -> Any:
    module = "bench.load.message_server"
    return open_module(testbed.folder, {}, module, kind, APP)


def with_routes(site: Site, *routes: Mapping[str, object]) -> Site:
    """Give the app of a site these routes; its services are on this machine."""
    documents = Gateway(settings_from(site.settings)).documents
    before = documents.version("apps", APP)
    secrets = {"token": TOKEN, "encoding_aes_key": AES_KEY}
    made = [
        {"id": f"route{number}", "client": LOGIN_CLIENT, **secrets, **route}
        for number, route in enumerate(routes)
    ]
    content = {"kind": "service", "secret": "f" * 32, **secrets, "routes": made}
    documents.write("apps", APP, app_document(APP, content), after=before)
    site.settings["PUSH_PRIVATE_NETWORKS"] = "127.0.0.0/8"
    site.settings["PUSH_AGE_SECONDS"] = "3600"
    return site


def push(path: str) -> bytes:
    """Return a request as WeChat makes it, of a message that nobody has seen."""
    target, body = signed(path, message())
    lines = (
        f"POST {target} HTTP/1.1",
        f"Host: {HOST}",
        "Content-Type: text/xml",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", body]).encode()


def message() -> str:
    """Return a text message that nobody has seen."""
    number = next(_numbers)
    return (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o_user</FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType>text</MsgType>"
        f"<Content>hello {number}</Content><MsgId>{number}</MsgId></xml>"
    )


def signed(path: str, text: str) -> tuple[str, str]:
    """Return target and body by which WeChat pushes a message in safe mode."""
    sealed = encrypt(text.encode(), key=key_of(AES_KEY), receive_id=APP)
    at, nonce = str(int(time.time())), f"n{next(_numbers)}"
    query = {
        "signature": signature(TOKEN, at, nonce),
        "timestamp": at,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(TOKEN, at, nonce, sealed),
    }
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
    return f"{path}?{urlencode(query)}", body
