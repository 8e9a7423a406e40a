"""Figure 17: a request with `Origin` to a new process, with many public clients."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.load.many_documents import (
    BUCKET_MS,
    COPIES_DUE,
    DATABASES,
    ManyDocuments,
    move_keys,
    origin,
    public_clients,
)
from bench.load.servers import Server
from bench.load.site import HOST
from bench.load.testbed import Testbed, open_testbed
from bench.report import Bar, Figure, ratios, spread

PATH = "/oidc/jwks"
FEW = 10
TIMEOUT = 60.0

ORIGINS_DUE = 31.0
"""Seconds after which a process looks up the known origins again."""


@dataclass(slots=True)
class _Seen:
    first: list[float] = field(default_factory=list)  # seconds, by round
    second: list[float] = field(default_factory=list)
    bucket_requests: list[int] = field(default_factory=list)
    refused: int = 0


def measure(
    *,
    rounds: int,
    count: int,
    copies_due: float = COPIES_DUE,
    origins_due: float = ORIGINS_DUE,
) -> list[Figure]:
    """Ask new processes with `count` clients and with few in turn, and ask them again.

    Each has a database of its own, or the first one would renew the copies for all.
    """
    sizes = [count, FEW] * (1 + rounds)  # a round to warm up
    if len(sizes) >= DATABASES:
        raise ValueError("Redis does not have enough databases")
    seen = {count: _Seen(), FEW: _Seen()}
    with open_testbed() as testbed, ExitStack() as stack:
        documents = ManyDocuments(testbed)
        base_url = testbed.redis_url.rpartition("/")[0]
        for size in seen:
            places = (n for n, each in enumerate(sizes, 1) if each == size)
            _prepare(testbed, documents, size, places)
        time.sleep(copies_due)
        servers = []
        for database, size in enumerate(sizes, 1):
            settings = documents.settings(_prefix(size), f"{base_url}/{database}")
            server = stack.enter_context(testbed.open_gateway(settings))
            servers.append(server)
            documents.bucket.order()  # resets the count
            seconds, allowed = ask(server, size)
            seen[size].first.append(seconds)
            seen[size].refused += not allowed
            seen[size].bucket_requests.append(documents.bucket.order())
        time.sleep(origins_due)
        for server, size in zip(servers, sizes, strict=True):
            seconds, allowed = ask(server, size)
            seen[size].second.append(seconds)
            seen[size].refused += not allowed
    return [_figure(seen, count)]


def _prepare(
    testbed: Testbed, documents: ManyDocuments, count: int, databases: Iterable[int]
) -> None:
    """Fill these databases with copies of so many clients."""
    prefix, redis_url = _prefix(count), testbed.redis_url
    documents.write(prefix, redis_url, public_clients(count))
    # An earlier process: it leaves in Redis whatever a process leaves there.
    with testbed.open_gateway(documents.settings(prefix, redis_url)) as server:
        ask(server, count)
    move_keys(redis_url, databases)


def _prefix(count: int) -> str:
    return f"clients-{count}"


def ask(server: Server, size: int) -> tuple[float, bool]:
    """Return the seconds until the answer, and whether the page may read it."""
    page = origin(size - 1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, TIMEOUT)
    began = time.perf_counter()
    try:
        connection.request("GET", PATH, headers={"Host": HOST, "Origin": page})
        answer = connection.getresponse()
        answer.read()
        allowed = answer.headers["Access-Control-Allow-Origin"] == page
    except OSError:
        allowed = False
    finally:
        connection.close()
    return time.perf_counter() - began, allowed


def _figure(seen: Mapping[int, _Seen], count: int) -> Figure:
    away = f"bucket at {BUCKET_MS:g} ms, copies in Redis"
    title = f"17. A request with Origin to a new process: {away}"
    compared = f"ratio to {FEW} clients"
    head = ("clients", "first, ms", compared, "second, ms", compared, "bucket requests")
    figure = Figure(title, head)
    few = seen[FEW]
    for size, each in seen.items():
        first, second = each.first[1:], each.second[1:]
        cells = (
            _ms(first),
            spread(ratios(first, few.first[1:])),
            _ms(second),
            spread(ratios(second, few.second[1:])),
            spread(each.bucket_requests[1:], ".0f"),
        )
        figure.rows.append((str(size), *cells))
    many, sizes = seen[count], f"{count} / {FEW} clients"
    first_ratio = statistics.median(ratios(many.first[1:], few.first[1:]))
    second_ratio = statistics.median(ratios(many.second[1:], few.second[1:]))
    refused = sum(each.refused for each in seen.values())
    figure.bars += [
        Bar(f"17. first answer, {sizes}", first_ratio, 1.5, 1, timed=True),
        Bar(f"17. answer 30 s later, {sizes}", second_ratio, 1.5, 1, timed=True),
        Bar("17. answers that the page may not read", refused, 0, 0),
    ]
    return figure


def _ms(seconds: Sequence[float]) -> str:
    return spread([each * 1000 for each in seconds], ".0f")
