"""The refresh function: a bounded round over all credentials, and over components."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions.refresh.address_round import try_refused
from functions.refresh.component_round import go_on
from runtime.custody.protocol import Source
from runtime.custody.upkeep import LookedAt, Outcome
from runtime.documents.documents import UnreadableDocument
from runtime.entry.timer import timer
from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.registry.ids import WECOM_ID
from runtime.registry.models import COMPONENT_KIND
from runtime.wechat.credentials import names_of_authorizer

MOST_FETCHES = 200
MOST_SECONDS = 40.0
"""The limits of one round; the next one, a minute later, does the rest."""

AT_ONCE = 8

LISTING_SECONDS = 30.0
"""Longest time that a round waits for the documents, if it has never seen them."""

ALERTS_BEFORE_SECONDS = 45.0
"""A tick that is older looks for no conditions: the next one does."""

log = logging.getLogger("gateway.refresh")


def refresh(
    gateway: Gateway,
    *,
    most_fetches: int = MOST_FETCHES,
    most_seconds: float = MOST_SECONDS,
    at_once: int = AT_ONCE,
) -> dict[str, int]:
    """Return how many credentials were fresh, fetched, busy, paused, failed or left.

    Only credentials that were used within two days are refreshed: the others should
    not cost WeChat's quota. The index of those says which are due; all apps are looked
    at only now and then, or when the index is lost.
    """
    limit = _Limit(most_fetches, until=time.monotonic() + most_seconds)
    asked = gateway.upkeep.begin_round()
    found = gateway.upkeep.look_at(asked.names, now=asked.now)
    due, count = found.due, asked.count - len(asked.names) + len(found.in_use)
    if asked.full_pass and (all_ := _full_pass(gateway, now=asked.now)):
        # The index may have what is not listed, because it cannot be read.
        others = [name for name in due if name not in all_.in_use]
        due, count = (*all_.due, *others), len(all_.in_use) + len(others)
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = pool.map(lambda name: _refresh_one(gateway, name, limit), due)
        done = Counter(outcomes)
    done["fresh"] += count - len(due)
    done = Counter({name: number for name, number in done.items() if number > 0})
    log.info("round over %d credentials: %s", count, dict(sorted(done.items())))
    return dict(sorted(done.items()))


@dataclass
class _Limit:
    """The limit of a round; threads that race may exceed it by a few fetches."""

    most_fetches: int
    until: float
    fetches: int = 0

    def reached(self) -> bool:
        return self.fetches >= self.most_fetches or time.monotonic() >= self.until


def _full_pass(gateway: Gateway, *, now: int) -> LookedAt | None:
    """Return what is in use and due of all apps' credentials.

    None without the documents: then the index has to do, and a pass follows soon.
    """
    try:
        apps = gateway.registry.apps(first=LISTING_SECONDS)
        authorized = gateway.registry.authorized_ids(first=LISTING_SECONDS)
    except ServiceUnavailable:
        return None
    names = [
        source.name
        for app in apps
        if app.has_access_token or app.kind == COMPONENT_KIND
        for source in gateway.calls_of(app).sources(app)
    ]
    # Which of them still stand is seen when one is due: their documents are not read.
    names += [name for id_ in authorized for name in names_of_authorizer(id_)]
    found = gateway.upkeep.look_at(tuple(dict.fromkeys(names)), now=now)
    gateway.upkeep.finish_full_pass()
    return found


def _source(gateway: Gateway, name: str) -> Source | None:
    id_ = name.rpartition(":")[2]
    # Of an account's own token the name has its component, too.
    appid = id_ if re.fullmatch(WECOM_ID, id_) else id_.rpartition("-")[2]
    app = gateway.registry.app(appid)
    if app is None or not (app.has_access_token or app.kind == COMPONENT_KIND):
        return None
    found = (each for each in gateway.calls_of(app).sources(app) if each.name == name)
    return next(found, None)


def _refresh_one(gateway: Gateway, name: str, limit: _Limit) -> str:
    if limit.reached():
        return "left"
    try:
        source = _source(gateway, name)
        if source is None:
            gateway.upkeep.forget(name)
            return "gone"
        outcome = gateway.upkeep.refresh(source)
    except ServiceUnavailable:
        raise
    except UnreadableDocument:
        return "unreadable"  # and logged where it was read
    except GatewayError:
        limit.fetches += 1
        return "failed"  # and logged where it happened, with WeChat's code
    limit.fetches += outcome is Outcome.FETCHED
    return outcome.value


def tick(gateway: Gateway) -> dict[str, int]:
    """Go on with what components have unfinished, refresh what is due, then alert."""
    began = time.monotonic()
    done = {**go_on(gateway), **refresh(gateway)}
    if taken := try_refused(gateway):
        done["addresses_taken"] = taken
    if time.monotonic() - began > ALERTS_BEFORE_SECONDS:
        return done
    from functions.refresh.alert_round import tell

    alerts = tell(gateway)
    return {**done, **({"alerts": alerts} if alerts else {})}


handler = timer(tick, name="refresh")
