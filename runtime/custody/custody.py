"""Token custody: one expiry, one fetch, no lost update, nobody waits in vain.

10:00:00  A, B and C ask at once; no value lives. A takes the lease, fence 7.
10:00:00  B and C are told to wait for 7; they block on its list.
10:00:00  A commits under fence 7, the list wakes B and C.
11:56:00  The value is due. C takes the lease, fence 8; A and B go on with it.
11:56:01  C is frozen in mid-fetch; a second later B takes over, fence 9.
11:56:02  B commits. C wakes up and commits under 8: refused, B's value stands.

For a second a process makes its calls with what it has seen, and asks nobody.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from functools import partial

from runtime.custody.fetching import fetch_under_lease
from runtime.custody.lease import Lease
from runtime.custody.prepaid_tolls import Purse
from runtime.custody.protocol import Grant, Pace, Refusal, Source, Token, Toll, Verdict
from runtime.custody.recent_values import Moment, Recollection
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

Publish = Callable[[Token], None]


class Custody:
    """Gives out credentials and takes rejected ones back."""

    def __init__(
        self,
        store: RedisStore,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._pace = pace or Pace()
        self._clock = clock
        self._jitter = jitter
        self._single_flight: SingleFlight[Token] = SingleFlight()
        self._purse = Purse(clock)
        self._recollection = Recollection(
            clock, wall=wall, due_before=self._pace.due_before
        )

    def at_hand(self, source: Source, *, toll: Toll | None = None) -> Token:
        """Return what `get` does, or did a second ago at the most.

        For a call that is repeated with what `get` returns where WeChat refuses the
        value: another process may have seen it rejected meanwhile.
        """
        if toll and not self._purse.spend(source.name, toll):
            return self._paying(source, toll)
        return self._recollection.recent(source) or self._shared(source)

    def get(self, source: Source, *, toll: Toll | None = None) -> Token:
        """Return a live value, once the toll is paid: RateLimited if it cannot be.

        WeChatRefused carries WeChat's own code; ServiceUnavailable means that Redis
        is away and this process knows no value that still lives. A toll that was not
        paid ahead is taken in the same round trip; while Redis is away there is none.
        """
        if toll and not self._purse.spend(source.name, toll):
            return self._paying(source, toll)
        return self._shared(source)

    def _paying(self, source: Source, toll: Toll) -> Token:
        holder = secrets.token_hex(16)
        lease, asked_at = self._lease(source), self._recollection.now()
        tolls = self._purse.wanted(source.name, toll)
        try:
            grant = lease.acquire(
                holder, revision=source.revision, toll=toll, tolls=tolls
            )
        except ServiceUnavailable:
            return self._last_seen(source)
        if grant.verdict is Verdict.LIMITED:
            raise RateLimited(grant.lease_seconds)
        self._purse.put(source.name, toll, grant.paid)
        token = None
        if grant.verdict is Verdict.FRESH:
            token = grant.token
        elif grant.verdict in (Verdict.DUE, Verdict.MINE):
            token = self._refresh(source, lease, grant, holder)
        if token is None:
            return self._shared(source)
        self._recollection.see(source, token, asked_at=asked_at)
        return token

    def _shared(self, source: Source) -> Token:
        flight, is_first = self._single_flight.join(source.name)
        if not is_first:
            try:
                return flight.result(self._pace.wait)
            except FutureTimeout:
                raise WeChatTimeout from None
        publish = partial(self._publish, source, flight, self._recollection.now())
        try:
            token = self._fly(source, publish)
        except BaseException as error:
            self._single_flight.finish(source.name, flight)
            if not flight.done():
                flight.set_exception(error)
            raise
        publish(token)
        return token

    def refund(self, source: Source) -> None:
        """Say that the value after a rejected one works: the rejection was right."""
        with suppress(ServiceUnavailable):
            self._lease(source).refund()

    def reject(self, source: Source, value: str) -> bool:
        """Drop the value WeChat refused, unless a newer one stands there already."""
        try:
            dropped = self._lease(source).reject(value)
        finally:
            # Only now: whoever asked Redis before may have been told this very value.
            self._single_flight.forget(source.name)
            self._recollection.forget(source, value)
        if dropped:
            log.info("%s: value rejected by WeChat, dropped", source.name)
        return dropped

    def _fly(self, source: Source, publish: Publish) -> Token:
        lease = self._lease(source)
        deadline = self._clock() + self._pace.wait
        holder = secrets.token_hex(16)
        while self._clock() < deadline:
            try:
                grant = lease.acquire(holder, revision=source.revision)
            except ServiceUnavailable:
                return self._last_seen(source)
            if grant.verdict is Verdict.FRESH:
                token = grant.token
            elif grant.verdict is Verdict.PAUSED:
                raise _error(grant.refusal)
            elif grant.verdict is Verdict.WAIT:
                token = self._wait(lease, grant, deadline)
            else:
                token = self._refresh(source, lease, grant, holder, publish)
            if token is not None:
                return token
        raise WeChatTimeout

    def _wait(self, lease: Lease, grant: Grant, deadline: float) -> Token | None:
        # A little beyond the lease, so that a dead holder's has run out by then.
        seconds = min(grant.lease_seconds + 0.02, deadline - self._clock())
        told = lease.wait(grant.fence, seconds=seconds)
        if isinstance(told, Refusal):
            raise _error(told)
        return told

    def _refresh(
        self,
        source: Source,
        lease: Lease,
        grant: Grant,
        holder: str,
        publish: Publish | None = None,
    ) -> Token | None:
        if grant.token and publish:
            # The old value lives: the others on this flight need not wait.
            publish(grant.token)
        try:
            return fetch_under_lease(
                source, lease, grant, holder, pace=self._pace, jitter=self._jitter
            )
        except GatewayError:
            if grant.token:
                return grant.token
            raise

    def _publish(
        self, source: Source, flight: Future[Token], asked_at: Moment, token: Token
    ) -> None:
        self._recollection.see(source, token, asked_at=asked_at)
        self._single_flight.finish(source.name, flight)
        if not flight.done():
            flight.set_result(token)

    def _last_seen(self, source: Source) -> Token:
        token = self._recollection.last(source)
        if token is None:
            raise ServiceUnavailable
        return token

    def _lease(self, source: Source) -> Lease:
        return Lease(self._store, source.name, pace=self._pace)


def _error(refusal: Refusal | None) -> GatewayError:
    if refusal is None or refusal.errcode == -1:
        error = WeChatUnavailable()
        error.detail = refusal.errmsg if refusal else ""
        return error
    return WeChatRefused(refusal.errcode, refusal.errmsg)
