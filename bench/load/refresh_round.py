"""Figure 16: a round of the refresh function when nothing is due."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from bench.cores import on_core
from bench.load.many_documents import (
    BUCKET_MS,
    COPIES_DUE,
    DATABASES,
    THREADS,
    ManyDocuments,
    apps,
    move_keys,
)
from bench.load.site import APP_SECRET
from bench.load.testbed import SERVER_CORE, StandIn, Testbed, open_testbed
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns
from host.processes.children import PROJECT
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.settings import settings_from

REDIS_MS = 1.0
FEW = 10

DUE_LIFETIME = 200
"""Seconds that a token lives in the control round: the timer finds it due at once."""

TIMEOUT = 60.0
"""Seconds of a round: Function Compute ends it after that, too."""


@dataclass(frozen=True, slots=True)
class _Round:
    seconds: float
    round_trips: int
    bucket_requests: int
    wechat_calls: int
    failed: bool


def measure(*, rounds: int, count: int, copies_due: float = COPIES_DUE) -> list[Figure]:
    """Run rounds with `count` apps and with few apps in turn, in new processes.

    Each round has a database of its own, since it changes what it finds there.
    """
    if 2 * (1 + rounds) + 1 >= DATABASES:
        raise ValueError("Redis does not have enough databases")
    with open_testbed() as testbed:
        documents = ManyDocuments(testbed)
        redis = testbed.distant_redis(REDIS_MS)
        first = 1
        databases = {}
        for size in (count, FEW):
            databases[size] = range(first, first + 1 + rounds)
            first += 1 + rounds
            _prepare(testbed, documents, size, databases[size])
        time.sleep(copies_due)
        seen = in_turns(
            {
                str(size): partial(
                    _run_round, testbed, documents, redis, size, iter(databases[size])
                )
                for size in (count, FEW)
            },
            rounds=rounds,
        )
        seen_due = _refresh_due(testbed, documents, redis, database=first)
    return [_figure(seen, count, not_refreshed=FEW - seen_due)]


def _refresh_due(
    testbed: Testbed, documents: ManyDocuments, redis: StandIn, *, database: int
) -> int:
    """Return how many tokens a round refreshes when all of few apps are due.

    It shows that a round which finds nothing due has looked.
    """
    testbed.wechat.order(expires_in=DUE_LIFETIME)
    _prepare(testbed, documents, FEW, [database])
    control = _run_round(testbed, documents, redis, FEW, iter([database]))
    return control.wechat_calls


def _prepare(
    testbed: Testbed, documents: ManyDocuments, count: int, databases: Sequence[int]
) -> None:
    """Fill these databases with apps whose tokens have just been fetched."""
    prefix, redis_url = _prefix(count), testbed.redis_url
    contents = apps(count)
    documents.write(prefix, redis_url, contents)
    gateway = Gateway(settings_from(documents.settings(prefix, redis_url)))
    appids = [name.partition("/")[2] for name in contents]
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(partial(_fetch, gateway), appids):
            pass
    # The round before: it leaves in Redis whatever a round leaves there.
    tick(documents.settings(prefix, redis_url))
    move_keys(redis_url, databases)


def _prefix(count: int) -> str:
    return f"apps-{count}"


def _fetch(gateway: Gateway, appid: str) -> None:
    # As the registry makes it of the document, which nobody needs to read here.
    app = App(appid, "service", APP_SECRET, revision=1)
    gateway.custody.get(gateway.calls.real_token_source(app))


def _run_round(
    testbed: Testbed,
    documents: ManyDocuments,
    redis: StandIn,
    size: int,
    databases: Iterator[int],
) -> _Round:
    redis_url = f"redis://127.0.0.1:{redis.port}/{next(databases)}"
    for each in (redis, documents.bucket, testbed.wechat):
        each.order()  # resets the counts
    began = time.perf_counter()
    with on_core(SERVER_CORE):
        finished = tick(documents.settings(_prefix(size), redis_url))
    seconds = time.perf_counter() - began
    wechat = testbed.wechat.order()
    return _Round(
        seconds=seconds,
        round_trips=redis.order(),
        bucket_requests=documents.bucket.order(),
        wechat_calls=wechat["fetches"] + wechat["calls"],
        failed=not finished,
    )


def tick(settings: Mapping[str, str]) -> bool:
    """Run the timers' functions once in a new process; return whether they finished."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "host.tick"],
            cwd=PROJECT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _figure(
    seen: Mapping[str, Sequence[_Round]], count: int, *, not_refreshed: int
) -> Figure:
    away = f"Redis at {REDIS_MS:g} ms, bucket at {BUCKET_MS:g} ms"
    title = f"16. A refresh round when nothing is due: {away}"
    counts = ("round trips to Redis", "requests to the bucket")
    figure = Figure(title, ("apps", "s", f"ratio to {FEW} apps", *counts))
    few = [each.seconds for each in seen[str(FEW)]]
    for size, rounds in seen.items():
        seconds = [each.seconds for each in rounds]
        cells = (
            spread(seconds),
            spread(ratios(seconds, few)),
            spread([each.round_trips for each in rounds], ".0f"),
            spread([each.bucket_requests for each in rounds], ".0f"),
        )
        figure.rows.append((size, *cells))
    many = seen[str(count)]
    seconds_of_many = statistics.median(each.seconds for each in many)
    round_trips = statistics.median(each.round_trips for each in many)
    all_rounds = [each for rounds in seen.values() for each in rounds]
    calls = sum(each.wechat_calls for each in all_rounds)
    failed = sum(each.failed for each in all_rounds)
    figure.bars += [
        Bar(f"16. round with {count} apps, s", seconds_of_many, 3, 1, timed=True),
        Bar(f"16. round trips, {count} apps", round_trips, 60, 60),
        Bar("16. calls of WeChat", calls, 0, 0),
        Bar(f"16. due tokens not refreshed, of {FEW}", not_refreshed, 0, 0),
        Bar(f"16. rounds that failed or took {TIMEOUT:g} s", failed, 0, 0),
    ]
    return figure
