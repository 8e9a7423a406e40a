"""A fetch from WeChat by the holder of a lease, which is renewed meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from runtime.custody.due_index import DueIndex
from runtime.custody.lease import Lease
from runtime.custody.protocol import (
    Acquired,
    Count,
    CredentialValue,
    Pace,
    Refusal,
    Source,
)
from runtime.errors import (
    GatewayError,
    ServiceUnavailable,
    StopFetching,
    WeChatRefused,
    hint_of,
)

T = TypeVar("T")

log = logging.getLogger("gateway.custody")

PAUSES = (0.1, 0.4)
"""Seconds before the second and the third attempt after a network failure. Attempts
begin in the first half of the callers' wait, since one that hangs may take the rest."""


def fetch_under_lease(
    source: Source,
    lease: Lease,
    acquired: Acquired,
    holder: str,
    *,
    pace: Pace,
    jitter: Callable[[], float],
    index: DueIndex,
    count: Count,
) -> CredentialValue | None:
    """Return the value that is stored after this fetch, None if there is none.

    A refusal goes to the waiters with WeChat's own code and is raised.
    """
    # While the old value lives, the caller uses it rather than waits for attempts.
    patience = 0.0 if acquired.credential else pace.wait / 2
    attempt = _Attempt(source, lease, acquired, holder, patience=patience)
    try:
        fetched = _while_renewing(attempt.run, lease, holder, acquired.fence, pace=pace)
    except GatewayError as error:
        hint = hint_of(error.errcode, error.errmsg) or error.code
        refused = isinstance(error, WeChatRefused)
        count(source.name, "refused" if refused else "failed")
        log.warning("%s: not fetched, %s: %s", source.name, error.errcode, hint)
        with suppress(ServiceUnavailable):
            lease.give_up(
                holder,
                acquired.fence,
                Refusal(error.errcode, error.errmsg or error.message),
                revision=source.revision,
                jitter=jitter(),
                fetches=attempt.fetches,
                retires=source.retires or attempt.forced,
                longest_pause=_longest_pause(error, pace),
                stops=isinstance(error, StopFetching),
            )
            index.put({source.name: 0.0})
        raise
    credential, due_in = with_margins(fetched, pace)
    try:
        done = lease.commit(
            holder,
            acquired.fence,
            credential,
            due_in=due_in,
            fetches=attempt.fetches,
            retires=source.retires or attempt.forced,
            repeats=source.repeats,
        )
    except ServiceUnavailable:
        # Redis went away meanwhile; the value that WeChat gave is valid all the same.
        count(source.name, "unsaved")
        return credential
    count(source.name, "stored" if done.is_stored else "late")
    outcome = "stored" if done.is_stored else "refused, another holder was faster"
    log.info("%s: fetched under fence %s, %s", source.name, acquired.fence, outcome)
    with suppress(ServiceUnavailable):
        index.put({source.name: done.due_in})
    return done.credential


class _Attempt:
    """A fetch with retries, forced only if WeChat gives the rejected value again."""

    def __init__(
        self,
        source: Source,
        lease: Lease,
        acquired: Acquired,
        holder: str,
        *,
        patience: float,
    ) -> None:
        self._source = source
        self._lease = lease
        self._acquired = acquired
        self._holder = holder
        self._until = time.monotonic() + patience
        self.fetches = 0
        self.forced = False

    def run(self) -> CredentialValue:
        credential = self._fetched()
        if credential.before_commit:
            # A value is not handed out before what came with it is durable.
            self._repeated(credential.before_commit)
        return credential

    def _fetched(self) -> CredentialValue:
        credential = self._repeated(lambda: self._once(force=False))
        if credential.value != self._acquired.rejected or self._source.repeats:
            return credential
        claim = self._lease.claim_force(self._holder, self._acquired.fence)
        if claim == "refused":
            # WeChat calls the rejected value its current one, and it may work for most
            # callers: it stays, and the caller that rejected it gets WeChat's 40001.
            log.warning(
                "%s: rejected, but current at WeChat; force_refresh is used up, "
                "20 a day and 30 s apart",
                self._source.name,
            )
        if claim != "granted":
            return credential
        self.forced = True
        return self._repeated(lambda: self._once(force=True))

    def _repeated(self, step: Callable[[], T]) -> T:
        for pause in PAUSES:
            try:
                return step()
            except GatewayError as error:
                # WeChat answers -1 when it is busy; no answer at all has -1, too.
                if error.errcode != -1 or time.monotonic() + pause >= self._until:
                    raise
            time.sleep(pause)
        return step()

    def _once(self, *, force: bool) -> CredentialValue:
        self.fetches += 1
        return self._source.fetch(force=force)


def _while_renewing(
    fetch: Callable[[], CredentialValue],
    lease: Lease,
    holder: str,
    fence: str,
    *,
    pace: Pace,
) -> CredentialValue:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(pace.renew_every):
            try:
                if not lease.renew(holder, fence):
                    return
            except ServiceUnavailable:
                continue

    renewal = threading.Thread(target=renew, daemon=True)
    renewal.start()
    try:
        return fetch()
    finally:
        done.set()
        renewal.join()


def _longest_pause(error: GatewayError, pace: Pace) -> float:
    # An outage of the network ends by itself, and WeChat counts nothing meanwhile.
    refused = isinstance(error, WeChatRefused)
    return pace.longest_pause if refused else pace.network_pause


def with_margins(fetched: CredentialValue, pace: Pace) -> tuple[CredentialValue, float]:
    """Return the value with its life as it is handed out, and when it is due."""
    spent = min(pace.spent_before, fetched.seconds / 10)
    credential = CredentialValue(fetched.value, fetched.seconds - spent)
    return credential, max(credential.seconds - pace.due_before, credential.seconds / 2)
