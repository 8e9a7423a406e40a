"""Upkeep of credentials: the timer's fetches ahead of time, the operator's reports."""

from __future__ import annotations

import dataclasses
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from runtime.custody.due_index import DueIndex, DueNames
from runtime.custody.fetching import fetch_under_lease
from runtime.custody.lease import Lease, credential_key
from runtime.custody.protocol import Count, Pace, Source, Verdict, count_nothing
from runtime.state.redis_store import RedisStore

_ANY_LIFE = 1e6
"""Seconds; no credential lives so long, so that each is due by then."""

_ROUND_MS = 60_000
"""A round takes no longer, so what was fetched meanwhile is not from later than now."""


class Outcome(Enum):
    """The result of `refresh`: what it found or did."""

    FRESH = "fresh"
    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    BUSY = "busy"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """The state of one credential; times in seconds by Redis' clock, None if unknown.

    `remaining` is 0 where no value lives. `fetches_today` and `forced_today` count
    since midnight in China, when WeChat's own quotas begin anew.
    """

    name: str
    age: float | None
    remaining: float
    due_in: float | None
    fence: int
    being_fetched: bool
    errcode: int | None
    errmsg: str | None
    retry_in: float | None
    fetches_today: int
    forced_today: int


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The names of credentials that are in use, and of those that are due."""

    in_use: frozenset[str]
    due: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialAge:
    """The age of a credential and its remaining life, in seconds.

    `age` is None without a value, and `errcode` if the last fetch has not failed.
    """

    name: str
    age: float | None
    remaining: float
    errcode: int | None
    errmsg: str

    @property
    def is_refused(self) -> bool:
        """Tell whether the last fetch has failed."""
        return self.errcode is not None


class Upkeep:
    """Upkeep of credentials: fetched ahead of time, described and marked as used."""

    def __init__(
        self,
        store: RedisStore,
        *,
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
        count: Count = count_nothing,
    ) -> None:
        self._store = store
        self._count = count
        self._index = DueIndex(store)
        self._pace = pace or Pace()
        self._jitter = jitter

    def refresh(self, source: Source, *, ignore_pause: bool = False) -> Outcome:
        """Fetch a value that is due or soon will be, so that no request has to.

        An operator who has mended the cause of a pause need not wait for its end.
        Raises what the fetch raised; ServiceUnavailable without Redis.
        """
        # The pause holds for the revision that was refused.
        revision = "" if ignore_pause else source.revision
        return self._fetch(source, revision=revision, ahead=self._pace.ahead)

    def replace(self, source: Source) -> Outcome:
        """Fetch another value in place of the stored one, which need not be due.

        The stored one is handed out until then. UNCHANGED if WeChat gives the same
        value again: of an access_token where force_refresh is used up, of a ticket
        while WeChat takes it for valid.
        """
        return self._fetch(source, revision="", ahead=_ANY_LIFE, forced=True)

    def _fetch(
        self, source: Source, *, revision: str, ahead: float, forced: bool = False
    ) -> Outcome:
        lease, holder = self._lease_of(source), secrets.token_hex(16)
        acquired = lease.acquire(holder, revision=revision, ahead=ahead)
        if acquired.verdict not in (Verdict.DUE, Verdict.MINE):
            # Whoever holds the lease is found FRESH where a value still lives.
            busy = forced and acquired.verdict is Verdict.FRESH
            return Outcome.BUSY if busy else _OUTCOMES[acquired.verdict]
        old = acquired.credential
        if forced and old:
            # What WeChat gives again is forced, within WeChat's limits.
            acquired = dataclasses.replace(acquired, rejected=old.value)
        new = fetch_under_lease(
            source,
            lease,
            acquired,
            holder,
            pace=self._pace,
            jitter=self._jitter,
            index=self._index,
            count=self._count,
        )
        is_same = forced and old and new and new.value == old.value
        return Outcome.UNCHANGED if is_same else Outcome.FETCHED

    def begin_round(self) -> DueNames:
        """Return the credentials in use that are due or soon will be."""
        return self._index.due(self._pace.ahead)

    def look_at(self, names: Sequence[str], *, now: int) -> LookedAt:
        """Return which are in use and due; write into the index when each will be.

        Those that are not in use are dropped from it. `now` is Redis' time; a thousand
        credentials take one round trip.
        """
        fields = ("fence", "due_at", "fetched_at")
        found = self._store.hashes([credential_key(name) for name in names], fields)
        due_in = {
            name: _due_in(due_at, fetched_at, now=now)
            for name, (fence, due_at, fetched_at) in zip(names, found, strict=True)
            if fence is not None
        }
        self._index.put(due_in)
        self._index.drop(name for name in names if name not in due_in)
        due = [name for name in due_in if due_in[name] <= self._pace.ahead]
        return LookedAt(frozenset(due_in), tuple(due))

    def ages(self) -> list[CredentialAge]:
        """Return the age of each credential in use; a thousand take a few round trips.

        The one that ends first comes first.
        """
        now, names = self._index.in_use()
        fields = ("fetched_at", "expires_at", "errcode", "errmsg")
        keys = [credential_key(name) for name in names]
        found = zip(names, self._store.hashes(keys, fields), strict=True)
        ages = [
            CredentialAge(
                name,
                age=(now - int(fetched)) / 1000 if fetched else None,
                remaining=max(0.0, (int(expires) - now) / 1000) if expires else 0.0,
                errcode=None if errcode is None else int(errcode),
                errmsg=(errmsg or b"").decode(),
            )
            for name, (fetched, expires, errcode, errmsg) in found
        ]
        return sorted(ages, key=lambda each: (each.remaining, each.name))

    def finish_full_pass(self) -> None:
        """Say that `look_at` has looked at all credentials of all apps."""
        self._index.finish_full_pass()

    def forget(self, name: str) -> None:
        """Forget a credential whose app is gone."""
        self._index.drop([name])

    def describe(self, source: Source) -> CredentialReport:
        """Return the report of a credential; it never holds the value."""
        return _report_from(source.name, self._lease_of(source).describe())

    def stored(self, source: Source) -> str | None:
        """Return the value that is handed out, None if none lives; it fetches none."""
        if self.describe(source).remaining <= 0:
            return None
        value = self._store.field(credential_key(source.name), "value")
        return value.decode() if value else None

    def _lease_of(self, source: Source) -> Lease:
        return Lease(self._store, source.name, pace=self._pace)


def _due_in(due_at: bytes | None, fetched_at: bytes | None, *, now: int) -> float:
    # Without a value it is due. One that was fetched later than now was fetched before
    # Redis' clock was set back.
    if due_at is None or int(fetched_at or 0) > now + _ROUND_MS:
        return 0.0
    return max(0.0, (int(due_at) - now) / 1000)


def _report_from(name: str, fields: Mapping[str, str]) -> CredentialReport:
    """Return the report that the fields of a credential's hash make."""
    now = int(fields["now"])

    def until(field: str) -> float | None:
        return (int(fields[field]) - now) / 1000 if field in fields else None

    fetched, retry_in = until("fetched_at"), until("retry_at")
    today = int(fields.get("day", 0)) == (now // 1000 + 28800) // 86400
    failed = "errcode" in fields
    return CredentialReport(
        name=name,
        age=-fetched if fetched is not None else None,
        remaining=max(until("expires_at") or 0.0, 0.0),
        due_in=until("due_at"),
        fence=int(fields.get("fence", 0)),
        being_fetched=(until("lease_until") or 0.0) > 0,
        errcode=int(fields["errcode"]) if failed else None,
        errmsg=fields["errmsg"] if failed else None,
        retry_in=retry_in if retry_in and retry_in > 0 else None,
        fetches_today=int(fields.get("fetches", 0)) if today else 0,
        forced_today=int(fields.get("forced", 0)) if today else 0,
    )


_OUTCOMES = {
    Verdict.FRESH: Outcome.FRESH,
    Verdict.WAIT: Outcome.BUSY,
    Verdict.PAUSED: Outcome.PAUSED,
}
