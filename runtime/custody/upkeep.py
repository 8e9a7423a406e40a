"""What keeps credentials up besides their users: the timer's round and the operator."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from enum import Enum

from runtime.custody.credential_report import Credential, credential_from
from runtime.custody.fetching import Source, fetch_under_lease
from runtime.custody.lease import Lease
from runtime.custody.protocol import Pace, Verdict
from runtime.state.redis_store import Store


class Outcome(Enum):
    """What `refresh` found or did."""

    FRESH = "fresh"
    FETCHED = "fetched"
    BUSY = "busy"
    PAUSED = "paused"


class Upkeep:
    """Fetches ahead of time and tells how credentials fare."""

    def __init__(
        self,
        store: Store,
        *,
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._pace = pace or Pace()
        self._jitter = jitter

    def refresh(self, source: Source) -> Outcome:
        """Fetch what is due or soon will be, so that nobody's request has to.

        Raises what the fetch raised; ServiceUnavailable without Redis.
        """
        lease, holder = self._lease_of(source), secrets.token_hex(16)
        grant = lease.acquire(holder, revision=source.revision, ahead=self._pace.ahead)
        if grant.verdict in (Verdict.DUE, Verdict.MINE):
            fetch_under_lease(
                source, lease, grant, holder, pace=self._pace, jitter=self._jitter
            )
            return Outcome.FETCHED
        return _OUTCOMES[grant.verdict]

    def describe(self, source: Source) -> Credential:
        """Return what an operator wants to know of a credential; never its value."""
        return credential_from(source.name, self._lease_of(source).describe())

    def _lease_of(self, source: Source) -> Lease:
        return Lease(self._store, source.name, pace=self._pace)


_OUTCOMES = {
    Verdict.FRESH: Outcome.FRESH,
    Verdict.WAIT: Outcome.BUSY,
    Verdict.PAUSED: Outcome.PAUSED,
}
