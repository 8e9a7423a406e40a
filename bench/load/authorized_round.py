"""Figure 22: a round of refresh over accounts that have authorised a component."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bench.load.many_documents import (
    BUCKET_MS,
    COPIES_DUE,
    DATABASES,
    THREADS,
    ManyDocuments,
    apps,
    move_keys,
)
from bench.load.refresh_round import REDIS_MS, tick
from bench.load.site import APP_SECRET
from bench.load.testbed import StandIn, Testbed, open_testbed
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns
from runtime.custody.due_index import KEY
from runtime.custody.protocol import CredentialValue
from runtime.gateway import Gateway
from runtime.registry.authorizers import Authorizer, document_id
from runtime.registry.models import App
from runtime.registry.schema import app_document, authorizer_document
from runtime.settings import settings_from

COMPONENT = f"wx{'c' * 16}"

APPS, ACCOUNTS = "apps", "authorised accounts"

LIFE = CredentialValue("T", 7200.0)

Times = tuple[float, float]


def accounts(count: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents of a component and of so many accounts of it."""
    component = {"kind": "component", "secret": APP_SECRET}
    documents = {f"apps/{COMPONENT}": app_document(COMPONENT, component)}
    for number in range(count):
        appid = f"wx{number:016x}"
        fields = {
            "component": COMPONENT,
            "appid": appid,
            "kind": "service",
            "refresh_token": f"refreshtoken@@@{number}",
            "permission_sets": [1, 2, 3, 4, 7, 11, 15],
            "state": "authorized",
            "authorized_at": number,
        }
        id_ = document_id(COMPONENT, appid)
        documents[f"authorizers/{id_}"] = authorizer_document(id_, fields)
    return documents


def measure(*, rounds: int, count: int, copies_due: float = COPIES_DUE) -> list[Figure]:
    """Run rounds over apps and over accounts in turn, in new processes.

    Each measures a round with nothing due, and then one that looks at all, as every
    quarter of an hour.
    """
    if 2 * (1 + rounds) >= DATABASES:
        raise ValueError("Redis does not have enough databases")
    with open_testbed() as testbed:
        documents = ManyDocuments(testbed)
        redis = testbed.distant_redis(REDIS_MS)
        databases, first = {}, 1
        for kind, contents in ((APPS, apps(count)), (ACCOUNTS, accounts(count))):
            databases[kind] = range(first, first + 1 + rounds)
            first += 1 + rounds
            _prepare(testbed, documents, kind, contents, databases[kind])
        time.sleep(copies_due)
        seen = in_turns(
            {
                kind: partial(
                    _run, testbed, documents, redis, kind, iter(databases[kind])
                )
                for kind in databases
            },
            rounds=rounds,
        )
        wechat = testbed.wechat.order()
    return [_figure(seen, count, calls=wechat["fetches"] + wechat["calls"])]


def _prepare(
    testbed: Testbed,
    documents: ManyDocuments,
    kind: str,
    contents: Mapping[str, Mapping[str, Any]],
    databases: Sequence[int],
) -> None:
    """Fill these databases with accounts whose tokens are in custody."""
    prefix, redis_url = _prefix(kind), testbed.redis_url
    documents.write(prefix, redis_url, contents)
    gateway = Gateway(settings_from(documents.settings(prefix, redis_url)))

    def put(appid: str) -> None:
        source = (
            gateway.calls.real_token_source(App(appid, "service", APP_SECRET))
            if kind == APPS
            else gateway.component_tokens.authorizer_source(
                Authorizer(COMPONENT, appid, "service")
            )
        )
        gateway.custody.put(source, LIFE)

    appids = [name.rpartition("-")[2].rpartition("/")[2] for name in contents]
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(put, (each for each in appids if each != COMPONENT)):
            pass
    tick(documents.settings(prefix, redis_url))
    move_keys(redis_url, databases)


def _prefix(kind: str) -> str:
    return kind.replace(" ", "-")


def _run(
    testbed: Testbed,
    documents: ManyDocuments,
    redis: StandIn,
    kind: str,
    databases: Iterator[int],
) -> Times:
    """Return the seconds of a round with nothing due, and of one that looks at all."""
    from redis import Redis

    database = next(databases)
    settings = documents.settings(
        _prefix(kind), f"redis://127.0.0.1:{redis.port}/{database}"
    )

    def seconds() -> float:
        began = time.perf_counter()
        if not tick(settings):
            raise RuntimeError("the round failed")
        return time.perf_counter() - began

    nothing_due = seconds()
    base, _, _ = testbed.redis_url.rpartition("/")
    with Redis.from_url(f"{base}/{database}") as client:
        client.zadd(KEY, {"*": 0})
        all_looked_at = seconds()
        if client.zscore(KEY, "*") == 0:
            raise RuntimeError("the round has not looked at all")
    return nothing_due, all_looked_at


def _figure(seen: Mapping[str, Sequence[Times]], count: int, *, calls: int) -> Figure:
    away = f"Redis at {REDIS_MS:g} ms, bucket at {BUCKET_MS:g} ms"
    title = f"22. A refresh round over {count} authorised accounts, and as many apps: "
    figure = Figure(title + away, ("of", "nothing due, s", "ratio", "all, s", "ratio"))
    for kind, times in seen.items():
        cells = []
        for place in (0, 1):
            mine = [each[place] for each in times]
            theirs = [each[place] for each in seen[APPS]]
            cells += [spread(mine), spread(ratios(mine, theirs))]
        figure.rows.append((kind, *cells))
    for place, words in ((0, "nothing due"), (1, "all looked at")):
        mine, theirs = (
            [each[place] for each in seen[kind]] for kind in (ACCOUNTS, APPS)
        )
        ratio = statistics.median(ratios(mine, theirs))
        figure.bars.append(
            Bar(f"22. {words}: accounts / apps", ratio, 1.3, 1.0, timed=True)
        )
    figure.bars.append(Bar("22. calls of WeChat", calls, 0, 0))
    return figure
