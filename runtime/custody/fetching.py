"""One fetch from WeChat, done by the holder of the lease while it keeps it alive."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from runtime.custody.lease import Lease
from runtime.custody.protocol import Grant, Pace, Refusal, Source, Token
from runtime.errors import (
    GatewayError,
    ServiceUnavailable,
    hint_of,
)

log = logging.getLogger("gateway.custody")

PAUSES = (0.1, 0.4)
"""Seconds before the second and the third try where the network failed; they begin in
the first half of the callers' wait, since one that hangs may take the other half."""


def fetch_under_lease(
    source: Source,
    lease: Lease,
    grant: Grant,
    holder: str,
    *,
    pace: Pace,
    jitter: Callable[[], float],
) -> Token | None:
    """Return the credential that stands after this fetch, None if none does.

    A refusal goes to the waiters with WeChat's own code and is raised.
    """
    # Where the old value lives, the caller goes on with it rather than waits.
    patience = 0.0 if grant.token else pace.wait / 2
    attempt = _Attempt(source, lease, grant, holder, patience=patience)
    try:
        fetched = _kept_alive(attempt.run, lease, holder, grant.fence, pace=pace)
    except GatewayError as error:
        hint = hint_of(error.errcode, error.detail) or error.code
        log.warning("%s: not fetched, %s: %s", source.name, error.errcode, hint)
        with suppress(ServiceUnavailable):
            lease.give_up(
                holder,
                grant.fence,
                Refusal(error.errcode, error.detail or error.message),
                revision=source.revision,
                jitter=jitter(),
                fetches=attempt.fetches,
                retires=source.retires or attempt.forced,
            )
        raise
    token, due_in = _with_margins(fetched, pace)
    try:
        stands = lease.commit(
            holder,
            grant.fence,
            token,
            due_in=due_in,
            fetches=attempt.fetches,
            retires=source.retires or attempt.forced,
        )
    except ServiceUnavailable:
        # Redis went away meanwhile; what WeChat gave is good all the same.
        return token
    outcome = "stored" if stands is token else "refused, another holder was faster"
    log.info("%s: fetched under fence %s, %s", source.name, grant.fence, outcome)
    return stands


class _Attempt:
    """A fetch, forced only where WeChat would give the rejected value again."""

    def __init__(
        self,
        source: Source,
        lease: Lease,
        grant: Grant,
        holder: str,
        *,
        patience: float,
    ) -> None:
        self._source = source
        self._lease = lease
        self._grant = grant
        self._holder = holder
        self._until = time.monotonic() + patience
        self.fetches = 0
        self.forced = False

    def run(self) -> Token:
        token = self._fetch(force=False)
        if token.value != self._grant.rejected:
            return token
        claim = self._lease.claim_force(self._holder, self._grant.fence)
        if claim == "refused":
            # WeChat calls the rejected value its current one, and most callers may do
            # well with it: it is kept, and who rejected it has WeChat's own 40001.
            log.warning(
                "%s: rejected, but current at WeChat; force_refresh is used up, "
                "20 a day and 30 s apart",
                self._source.name,
            )
        if claim != "granted":
            return token
        self.forced = True
        return self._fetch(force=True)

    def _fetch(self, *, force: bool) -> Token:
        for pause in PAUSES:
            try:
                return self._once(force=force)
            except GatewayError as error:
                # -1 is WeChat's word for being busy, and ours for no answer.
                if error.errcode != -1 or time.monotonic() + pause >= self._until:
                    raise
            time.sleep(pause)
        return self._once(force=force)

    def _once(self, *, force: bool) -> Token:
        self.fetches += 1
        return self._source.fetch(force=force)


def _kept_alive(
    fetch: Callable[[], Token], lease: Lease, holder: str, fence: str, *, pace: Pace
) -> Token:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(pace.renew_every):
            try:
                if not lease.renew(holder, fence):
                    return
            except ServiceUnavailable:
                continue

    keeper = threading.Thread(target=renew, daemon=True)
    keeper.start()
    try:
        return fetch()
    finally:
        done.set()
        keeper.join()


def _with_margins(fetched: Token, pace: Pace) -> tuple[Token, float]:
    spent = min(pace.spent_before, fetched.seconds / 10)
    token = Token(fetched.value, fetched.seconds - spent)
    return token, max(token.seconds - pace.due_before, token.seconds / 2)
