"""One target's turn: its jobs are claimed, done in their order, and reported."""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from functions.deliver.kinds import Gone, Send, kind_of
from runtime.crypto.envelope import CannotOpen
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.push.deliveries import Claim, Job, Late
from runtime.push.relay import Undelivered
from runtime.usage.metrics import RELAYS, counted

ONCE_AT_A_TIME = 8
"""Jobs of one target at a time, of a kind that is done once."""

log = logging.getLogger("gateway.push")


class Outcome(NamedTuple):
    """Word for what came of a job, and whether the target has to rest now."""

    name: str
    target_rests: bool = False


def serve(gateway: Gateway, target: str, *, until: float) -> Counter[str]:
    """Do the jobs of a target until then, and return how many ended in which way.

    `until` is a time of time.monotonic(). ServiceUnavailable if Redis or the documents
    are away: what was not reported is due again.
    """
    done: Counter[str] = Counter()
    last: Claim | None = None
    goes_on = True
    while goes_on and (claim := gateway.deliveries.claim(target, after=last)):
        last = claim
        done["expired"] += claim.expired
        with ThreadPoolExecutor(ONCE_AT_A_TIME, "deliver-once") as pool:
            turn = _Turn(gateway, claim, pool, until)
            try:
                goes_on = turn.work_through()
            except Late:
                log.warning("%s: another worker has taken it over", target)
                done["late"] += 1
                goes_on = False
            finally:
                done += turn.counted()
    if last:
        gateway.deliveries.release(last)
    return done


class _Turn:
    def __init__(
        self, gateway: Gateway, claim: Claim, pool: ThreadPoolExecutor, until: float
    ) -> None:
        self._gateway = gateway
        self._deliveries = gateway.deliveries
        self._claim = claim
        self._pool = pool
        self._until = until
        self._futures: list[tuple[Job, Future[Outcome]]] = []
        self._done: Counter[str] = Counter()

    def work_through(self) -> bool:
        """Do the jobs; return whether the target may get the next ones at once."""
        held: set[str] = set()
        for job in self._claim.jobs:
            if time.monotonic() >= self._until:
                return False
            if self._claim.is_over:
                raise Late
            if job.sender and job.sender in held:
                continue  # the next claim puts it aside
            outcome = self._do(job)
            if outcome is None or outcome.name != "done":
                held.add(job.sender)
            if outcome:
                self._count(job, outcome.name)
                if outcome.target_rests:
                    return False
        return True

    def counted(self) -> Counter[str]:
        """Return how many ended in which way, when the last one has."""
        for job, future in self._futures:
            self._count(job, future.result().name)
        return self._done

    def _do(self, job: Job) -> Outcome | None:
        """Do a job, and return what came of it; None if that is not known yet."""
        try:
            kind = kind_of(job)
            send = kind.prepare(self._gateway, job)
        except Gone:
            self._deliveries.finish(self._claim, job)
            return Outcome("gone")
        except CannotOpen:
            return self._failed(job, Undelivered("cannot_open"))
        except Undelivered as fault:
            return self._failed(job, fault)
        if not kind.once:
            return self._send(job, send)
        self._deliveries.mark_asked(self._claim, job, seconds=kind.once)
        self._futures.append((job, self._pool.submit(self._send_once, job, send)))
        return None

    def _send_once(self, job: Job, send: Send) -> Outcome:
        try:
            return self._send(job, send, once=True)
        except (Late, ServiceUnavailable):
            log.warning("%s: not reported", job.id)
            return Outcome("unreported")

    def _send(self, job: Job, send: Send, *, once: bool = False) -> Outcome:
        try:
            answer = send()
        except Undelivered as fault:
            return self._failed(job, fault, ends=once and fault.was_sent)
        except ServiceUnavailable:
            raise
        except Exception:
            log.exception("%s: failed", job.id)
            return self._failed(job, Undelivered("error"), ends=once)
        self._deliveries.finish(self._claim, job, answer=answer)
        return Outcome("done")

    def _failed(self, job: Job, fault: Undelivered, *, ends: bool = False) -> Outcome:
        state, rests = self._deliveries.fail(
            self._claim,
            job,
            fault.reason,
            ends=ends or fault.ends,
            stalls=fault.stalls,
            spares=fault.spares,
        )
        log.warning("%s: not delivered, %s", job.id, fault.reason)
        return Outcome("dead" if state == "dead" else "failed", rests)

    def _count(self, job: Job, outcome: str) -> None:
        self._done[outcome] += 1
        self._gateway.counters.add(
            "-",
            job.appid,
            f"/deliver/{outcome}",
            errcode=0,
            measures=counted(RELAYS, job.appid, job.target, outcome),
        )
