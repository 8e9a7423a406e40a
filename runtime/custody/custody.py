"""Token custody: one expiry, one fetch, no lost update, nobody waits in vain.

10:00:00  A, B and C ask at once; no value lives. A takes the lease, fence 7.
10:00:00  B and C are told to wait for 7; they block on its list.
10:00:00  A commits under fence 7, the list wakes B and C.
11:56:00  The value is due. C takes the lease, fence 8; A and B go on with it.
11:56:01  C is frozen during its fetch; a second later B takes over, fence 9.
11:56:02  B commits. C wakes up and commits under 8: refused, B's value stands.

For one second a process uses the value it has seen last, without a round trip.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress

from runtime.custody.due_index import DueIndex
from runtime.custody.fetching import fetch_under_lease, with_margins
from runtime.custody.lease import Lease
from runtime.custody.prepaid import PrepaidCosts
from runtime.custody.protocol import (
    Acquired,
    Count,
    CredentialValue,
    Pace,
    RateCost,
    Refusal,
    Source,
    Verdict,
    count_nothing,
)
from runtime.custody.recent_values import RecentValues
from runtime.errors import (
    GatewayError,
    RateLimited,
    ServiceUnavailable,
    WeChatRefused,
    WeChatTimeout,
    WeChatUnavailable,
)
from runtime.state.redis_store import RedisStore
from runtime.state.single_flight import SingleFlight

log = logging.getLogger("gateway.custody")

Publish = Callable[[CredentialValue], None]


class Custody:
    """Custody of credentials: they are handed out, and rejected ones taken back."""

    def __init__(
        self,
        store: RedisStore,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        count: Count = count_nothing,
    ) -> None:
        self._store = store
        self._count = count
        self._index = DueIndex(store)
        self._pace = pace or Pace()
        self._clock = clock
        self._jitter = jitter
        self._single_flight: SingleFlight[CredentialValue] = SingleFlight()
        self._prepaid = PrepaidCosts(clock)
        self._recent_values = RecentValues(
            clock, wall=wall, due_before=self._pace.due_before
        )

    def get_recent(
        self, source: Source, *, cost: RateCost | None = None
    ) -> CredentialValue:
        """Return what `get` returns, or returned at most a second ago.

        For a call that is repeated with what `get` returns where WeChat refuses the
        value: another process may have seen it rejected meanwhile.
        """
        return (
            self._paid(source, cost)
            or self._recent_values.recent(source)
            or self._shared(source)
        )

    def get(self, source: Source, *, cost: RateCost | None = None) -> CredentialValue:
        """Return a live value; RateLimited if the rate does not cover the cost.

        WeChatRefused carries WeChat's own code; ServiceUnavailable means that Redis
        is away and this process knows no value that still lives. A cost that is not
        prepaid is taken in the same round trip; while Redis is away there is none.
        """
        return self._paid(source, cost) or self._shared(source)

    def refund(self, source: Source) -> None:
        """Say that the value after a rejected one works: the rejection was right."""
        with suppress(ServiceUnavailable):
            Lease(self._store, source.name, pace=self._pace).refund()

    def put(
        self,
        source: Source,
        credential: CredentialValue,
        *,
        since: int | None = None,
    ) -> None:
        """Replace the value by one that came with an answer to something else.

        A fetch that is under way is refused at its end. With `since`, in ms of Redis'
        clock, the value came at that time, and replaces none that was fetched later.
        """
        stored, due_in = with_margins(credential, self._pace)
        lease = Lease(self._store, source.name, pace=self._pace)
        try:
            if lease.put(stored, due_in=due_in, since=since):
                with suppress(ServiceUnavailable):
                    self._index.put({source.name: due_in})
        finally:
            self._forget(source)

    def drop(self, source: Source, *, since: int | None = None) -> None:
        """Drop the value, unless it was fetched since, and refuse a fetch under way."""
        try:
            Lease(self._store, source.name, pace=self._pace).drop(since=since)
        finally:
            self._forget(source)

    def _forget(self, source: Source) -> None:
        self._single_flight.forget(source.name)
        last = self._recent_values.last(source)
        if last:
            self._recent_values.forget(source, last.value)

    def reject(self, source: Source, value: str) -> bool:
        """Drop the value that WeChat refused, unless a newer one is stored already."""
        try:
            dropped = Lease(self._store, source.name, pace=self._pace).reject(value)
        finally:
            # Only now: a caller that asked Redis before may have got this very value.
            self._single_flight.forget(source.name)
            self._recent_values.forget(source, value)
        if dropped:
            log.info("%s: value rejected by WeChat, dropped", source.name)
            with suppress(ServiceUnavailable):
                self._index.put({source.name: 0.0})
        return dropped

    def _paid(self, source: Source, cost: RateCost | None) -> CredentialValue | None:
        """Pay the cost, and return the value if the same round trip has brought it."""
        if cost is None or self._prepaid.spend(source.name, cost):
            return None
        return self._acquire(source, secrets.token_hex(16), cost=cost)

    def _shared(self, source: Source) -> CredentialValue:
        """Return what one thread acquires for all that want it."""
        shared, is_first = self._single_flight.join(source.name)
        if not is_first:
            try:
                return shared.result(self._pace.wait)
            except FutureTimeout:
                raise WeChatTimeout from None

        def publish(credential: CredentialValue) -> None:
            self._single_flight.finish(source.name, shared)
            if not shared.done():
                shared.set_result(credential)

        try:
            credential = self._until_acquired(source, publish)
        except BaseException as error:
            self._single_flight.finish(source.name, shared)
            if not shared.done():
                shared.set_exception(error)
            raise
        publish(credential)
        return credential

    def _until_acquired(self, source: Source, publish: Publish) -> CredentialValue:
        holder, until = secrets.token_hex(16), self._clock() + self._pace.wait
        while self._clock() < until:
            credential = self._acquire(source, holder, publish=publish, until=until)
            if credential is not None:
                return credential
        raise WeChatTimeout

    def _acquire(
        self,
        source: Source,
        holder: str,
        *,
        cost: RateCost | None = None,
        publish: Publish | None = None,
        until: float | None = None,
    ) -> CredentialValue | None:
        """Take one step of the protocol; None where it brings no value.

        A value that is good but due goes to `publish` before it is replaced. Another
        holder's fetch is waited for if there is an `until`.
        """
        lease = Lease(self._store, source.name, pace=self._pace)
        count = self._prepaid.wanted(source.name, cost) if cost else 0
        asked_at = self._recent_values.now()
        credential: CredentialValue | None
        try:
            acquired = lease.acquire(
                holder, revision=source.revision, cost=cost, count=count
            )
            if cost:
                self._keep_prepaid(source, cost, acquired)
            if acquired.verdict is Verdict.PAUSED:
                raise _error(acquired.refusal)
            if acquired.verdict is Verdict.WAIT:
                self._count(source.name, "waited")
                credential = self._wait(lease, acquired, until) if until else None
            elif acquired.verdict is Verdict.FRESH:
                credential = acquired.credential
            else:
                if acquired.credential and publish:
                    self._recent_values.see(
                        source, acquired.credential, asked_at=asked_at
                    )
                    publish(acquired.credential)
                credential = self._refresh(source, lease, acquired, holder)
        except ServiceUnavailable:
            credential = self._last_seen(source)
        if credential is not None:
            self._recent_values.see(source, credential, asked_at=asked_at)
        return credential

    def _keep_prepaid(self, source: Source, cost: RateCost, acquired: Acquired) -> None:
        if acquired.verdict is Verdict.LIMITED:
            raise RateLimited(acquired.lease_seconds)
        self._prepaid.put(source.name, cost, acquired.paid)

    def _wait(
        self, lease: Lease, acquired: Acquired, until: float
    ) -> CredentialValue | None:
        # A little beyond the lease, so that a dead holder's has run out by then.
        seconds = min(acquired.lease_seconds + 0.02, until - self._clock())
        answer = lease.wait(acquired.fence, seconds=seconds)
        if isinstance(answer, Refusal):
            raise _error(answer)
        return answer

    def _refresh(
        self, source: Source, lease: Lease, acquired: Acquired, holder: str
    ) -> CredentialValue | None:
        try:
            return fetch_under_lease(
                source,
                lease,
                acquired,
                holder,
                pace=self._pace,
                jitter=self._jitter,
                index=self._index,
                count=self._count,
            )
        except GatewayError:
            if acquired.credential:
                return acquired.credential
            raise

    def _last_seen(self, source: Source) -> CredentialValue:
        credential = self._recent_values.last(source)
        if credential is None:
            raise ServiceUnavailable
        return credential


def _error(refusal: Refusal | None) -> GatewayError:
    if refusal is None or refusal.errcode == -1:
        return WeChatUnavailable(errmsg=refusal.errmsg if refusal else "")
    return WeChatRefused(refusal.errcode, refusal.errmsg)
