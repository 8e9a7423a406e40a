"""Deliveries: jobs that are to reach a target, such as a copy of a push for a service.

A job has a target and a kind. The target is what is busy, slow or dead by itself, such
as `wx.../ROUTE` or `logout/CLIENT`: one worker at a time works through its jobs, in the
order in which they came, and it is paused by itself when it fails, so no other target
has to wait. The kind names the function that does it (functions/deliver).

    job_id = deliveries.add("logout/demo", "logout", text, appid="-")
    due = deliveries.due()
    for target in due.targets:
        claim = deliveries.claim(target)     # None if another worker has it
        for job in claim.jobs if claim else ():
            deliveries.finish(claim, job)    # or fail(claim, job, "timeout")
        deliveries.release(claim)

A job is done at least once: whoever is killed between doing and `finish` has done it,
and somebody does it again. What must not happen twice calls `mark_asked` just before;
then an outcome that nobody reports is a dead letter `unknown`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runtime.crypto.envelope import Envelope
from runtime.push.budgets import Budgets, InboxFull
from runtime.push.delivery_scripts import (
    ADD,
    CLAIM,
    DUE,
    FAIL,
    FINISH,
    HAND_OVER,
    MARK_ASKED,
    RELEASE,
    TAKE_BACK,
)
from runtime.push.queue_scripts import (
    JOB_OVERHEAD,
    keys_of,
)
from runtime.push.room_log import RoomLog
from runtime.state.redis_store import RedisStore, attempt_id

LEASE_SECONDS = 30.0
"""How long a worker has a target after its last sign of life; longer than a call."""

GIVE_UP_SECONDS = 86400.0
"""How long a job is tried before it is a dead letter."""

JOBS_AT_ONCE = 16
"""Jobs of one claim."""

NO_APP = "-"
"""The app of a job that belongs to none; these have a budget of their own."""

_NAME = re.compile(r"[A-Za-z0-9_.@/-]{1,200}")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to be done; `entry` names its push in the app's stream, if it has one.

    `began` is the time in seconds of Redis' clock, `attempts` how many have failed.
    `state` is due, asked, done or dead, and `reason` that of the last failure.
    """

    id: str
    target: str
    kind: str
    appid: str
    entry: str
    began: float
    attempts: int
    state: str
    reason: str = ""
    sender: str = field(default="", repr=False)
    payload: str = field(default="", repr=False)
    """Sealed; `Deliveries.payload` opens it."""

    @property
    def route(self) -> str:
        """Return the id of the route that a push is delivered to, else a number."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Due:
    """Targets that have something due, and the seconds until the next one has.

    `next_in` is None if nothing waits. `failing` are those of the targets that have
    failed the last time. `unknown` is how many asked jobs have become dead letters just
    now.
    """

    targets: Sequence[str]
    next_in: float | None
    unknown: int
    failing: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's claim of a target with its next jobs, until its lease is over."""

    target: str
    token: str = field(repr=False)
    jobs: Sequence[Job]
    expired: int
    until: float

    @property
    def is_over(self) -> bool:
        """Tell whether another worker may have the target by now."""
        return time.monotonic() >= self.until


class PutOff(NamedTuple):
    """New state of a job that has failed, and whether its target is paused now."""

    state: str
    target_rests: bool


class Late(Exception):
    """The worker's lease was over, and another one has the target or the job."""


class Deliveries:
    """The jobs of all targets, in the Redis of pushes."""

    def __init__(
        self,
        store: RedisStore,
        envelope: Envelope,
        *,
        budgets: Budgets | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._budgets = budgets or Budgets()
        self._room_log = RoomLog()
        self._clock = clock

    def add(
        self,
        target: str,
        kind: str,
        payload: str,
        *,
        appid: str = NO_APP,
        delay: float = 0.0,
        job_id: str = "",
    ) -> str:
        """Store a job that is no push, and return its id; InboxFull without room.

        The payload is sealed. One with a `job_id` of the caller's, made by `job_id_of`,
        is stored once. Whoever wants it done now calls `nudge` afterwards.
        """
        for each in (target, kind, appid):
            if not _NAME.fullmatch(each):
                raise ValueError(f"{each}: letters, digits and _ . @ / - only")
        job = job_id or job_id_of(appid, f"{int(self._clock() * 1000)}-{attempt_id()}")
        sealed = self._envelope.seal(payload, place=payload_place(job))
        size = len(sealed) + JOB_OVERHEAD
        outcome, dropped, lost = self._store.run(
            ADD,
            keys_of(appid),
            [
                *self._budgets.arguments(appid),
                *(job, target, kind, round(delay * 1000), sealed, size),
            ],
            repeatable=True,
        )
        self._room_log.note_dropped(appid, dropped)
        self._room_log.note_lost(appid, lost)
        if outcome == b"full":
            raise InboxFull
        return job

    def due(self, *, most: int = 100) -> Due:
        """Return the targets that have something due, the longest waiting first."""
        targets, ms, unknown, failing = self._store.run(
            DUE, keys_of(NO_APP), [most], repeatable=True
        )
        return Due(
            [each.decode() for each in targets],
            next_in=ms / 1000 if ms >= 0 else None,
            unknown=unknown,
            failing=frozenset(each.decode() for each in failing),
        )

    def claim(
        self,
        target: str,
        *,
        most: int = JOBS_AT_ONCE,
        seconds: float = LEASE_SECONDS,
        after: Claim | None = None,
    ) -> Claim | None:
        """Return the next jobs of a target, which nobody else gets for this time.

        None if another worker has it, if it is paused, or if nothing is due. `after` is
        this worker's claim before. The lease begins anew with each `finish` and
        `fail`.
        """
        token = after.token if after else attempt_id()
        until = time.monotonic() + seconds
        outcome, *found = self._store.run(
            CLAIM,
            keys_of(NO_APP),
            [target, token, round(seconds * 1000), most, round(GIVE_UP_SECONDS * 1000)],
            repeatable=True,
        )
        if outcome == b"busy":
            return None
        expired, *found = found
        jobs = [
            job_from(id_.decode(), record, payload)
            for id_, record, payload in zip(
                found[0::3], found[1::3], found[2::3], strict=True
            )
        ]
        return Claim(target, token, jobs, expired, until) if jobs or expired else None

    def payload(self, job: Job) -> str:
        """Return what `add` stored; CannotOpen without its master key."""
        return self._envelope.open(job.payload, place=payload_place(job.id))

    def mark_asked(self, claim: Claim, job: Job, *, seconds: float) -> None:
        """Note that the job is being done, once; Late if another worker has it.

        From now on it is apart from its target. If nobody reports in this time what
        came of it, it becomes a dead letter `unknown`.
        """
        if not self._run(MARK_ASKED, [job.id, claim.token, round(seconds * 1000)]):
            raise Late

    def finish(self, claim: Claim, job: Job, *, answer: str = "") -> None:
        """Note that the job is done, with what the service has answered; else Late."""
        self.finish_as(claim.token, job.id, answer=answer)

    def finish_as(self, token: str, job_id: str, *, answer: str = "") -> None:
        """Note that a job is done, without its claim; Late if it is another's."""
        sealed = ""
        if answer:
            sealed = self._envelope.seal(answer, place=answer_place(job_id))
        if self._run(FINISH, [job_id, token, sealed, len(sealed)]) == b"late":
            raise Late

    def fail(
        self,
        claim: Claim,
        job: Job,
        reason: str,
        *,
        ends: bool = False,
        stalls: bool = False,
        spares: bool = False,
    ) -> PutOff:
        """Put a job off, by 10 s and more each time; else Late.

        With `ends` it becomes a dead letter now, else when it is a day old. A target
        that `stalls`, and so costs time, is paused at once, else after three failures,
        of which those that `spares` it, because only the job is at fault, are none.
        """
        return self.fail_as(
            claim.token,
            job.id,
            reason,
            attempts=job.attempts,
            ends=ends,
            stalls=stalls,
            spares=spares,
        )

    def fail_as(
        self,
        token: str,
        job_id: str,
        reason: str,
        *,
        attempts: int = 0,
        ends: bool = False,
        stalls: bool = False,
        spares: bool = False,
    ) -> PutOff:
        """Put a job off, without its claim."""
        state, rests = self._run(
            FAIL,
            [
                *(job_id, token, reason, attempts, int(ends), int(stalls)),
                *(round(GIVE_UP_SECONDS * 1000), int(spares)),
            ],
        )
        if state == b"late":
            raise Late
        return PutOff(state.decode(), bool(rests))

    def hand_over(self, job_id: str, token: str) -> bool:
        """Let deliver ask instead of the caller, whose token this is."""
        return bool(self._run(HAND_OVER, [job_id, token]))

    def take_back(self, job_id: str, token: str, *, seconds: float) -> bool:
        """Ask after all, and report in this time; False if somebody else does."""
        return bool(self._run(TAKE_BACK, [job_id, token, round(seconds * 1000)]))

    def release(self, claim: Claim) -> None:
        """Let another worker claim the target; what was not finished is due again."""
        self._run(RELEASE, [claim.target, claim.token])

    def answer(self, job_id: str) -> tuple[str, str]:
        """Return a job's state, "" if it is not known, and the service's answer."""
        ((record, sealed),) = self._store.hashes(
            keys_of(NO_APP)[1:2], [job_id, f"{job_id}="]
        )
        return json.loads(record)["s"] if record else "", self.opened(job_id, sealed)

    def opened(self, job_id: str, sealed: bytes | None) -> str:
        """Return the answer that was stored for a job, "" for none."""
        if not sealed:
            return ""
        return self._envelope.open(sealed.decode(), place=answer_place(job_id))

    def _run(self, script: str, arguments: list[object]) -> Any:
        return self._store.run(script, keys_of(NO_APP), arguments, repeatable=True)


def job_id_of(appid: str, name: str) -> str:
    """Return the id of a job that is no push, which `name` tells from others."""
    if not _NAME.fullmatch(name) or "/" in name:
        raise ValueError(f"{name}: letters, digits and _ . @ - only")
    return f"{appid}/{name}"


def job_from(job_id: str, record: bytes, payload: bytes = b"") -> Job:
    """Return the job that stands in Redis."""
    found = json.loads(record)
    return Job(
        job_id,
        target=found["t"],
        kind=found["k"],
        appid=found["a"],
        entry=found["e"],
        began=found["b"] / 1000,
        attempts=found["n"],
        state=found["s"],
        reason=found.get("y", ""),
        sender=found.get("o", ""),
        payload=payload.decode(),
    )


def payload_place(job_id: str) -> str:
    """Return the place for which a payload is sealed."""
    return f"push/job/{job_id}"


def answer_place(job_id: str) -> str:
    """Return the place for which a service's answer is sealed."""
    return f"push/answer/{job_id}"
