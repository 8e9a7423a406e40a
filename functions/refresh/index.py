"""The refresh function: one bounded round over all apps' credentials."""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from runtime.custody.protocol import Source
from runtime.custody.upkeep import Outcome
from runtime.entry.timer import timer
from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway

MOST_FETCHES = 200
MOST_SECONDS = 40.0
"""The limits of one round; the next one, a minute later, does the rest."""

AT_ONCE = 8

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
    not cost WeChat's quota.
    """
    sources = _sources(gateway)
    limit = _Limit(most_fetches, until=time.monotonic() + most_seconds)
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = pool.map(
            lambda source: _refresh_one(gateway, source, limit), sources
        )
        done = dict(sorted(Counter(outcomes).items()))
    log.info("round over %d credentials: %s", len(sources), done)
    return done


@dataclass
class _Limit:
    """The limit of a round; threads that race may exceed it by a few fetches."""

    most_fetches: int
    until: float
    fetches: int = 0

    def reached(self) -> bool:
        return self.fetches >= self.most_fetches or time.monotonic() >= self.until


def _sources(gateway: Gateway) -> list[Source]:
    apps = [app for app in gateway.registry.apps() if app.has_access_token]
    sources = [each for app in apps for each in gateway.calls.sources(app)]
    return [each for each in sources if gateway.upkeep.describe(each).fence]


def _refresh_one(gateway: Gateway, source: Source, limit: _Limit) -> str:
    if limit.reached():
        return "left"
    try:
        outcome = gateway.upkeep.refresh(source)
    except ServiceUnavailable:
        raise
    except GatewayError:
        limit.fetches += 1
        return "failed"  # logged where it was raised, with WeChat's code
    limit.fetches += outcome is Outcome.FETCHED
    return outcome.value


handler = timer(refresh, name="refresh")
