"""A credential's lease in Redis: one round trip a step (see lease_scripts)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from runtime import lease_scripts
from runtime.store import Store


class Verdict(Enum):
    """What a caller of `acquire` is to do."""

    FRESH = "FRESH"  # go on with the value
    DUE = "DUE"  # the value is good, and you are the one who replaces it
    MINE = "MINE"  # there is none, and you are the one who fetches it
    WAIT = "WAIT"  # there is none, somebody is fetching it
    PAUSED = "PAUSED"  # there is none, and WeChat refused a moment ago
    LIMITED = "LIMITED"  # the toll is not paid: come back after `lease_seconds`


@dataclass(frozen=True, slots=True)
class Token:
    """A credential's value and how long it lives from now, in seconds."""

    value: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Toll:
    """What a call costs: one token of the bucket of that name.

    The bucket holds `burst` and is filled with `per_second`.
    """

    name: str
    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """WeChat's own code and text, kept for those who ask during the pause."""

    errcode: int
    errmsg: str


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to `acquire`; `token` is None where no value lives."""

    verdict: Verdict
    fence: str
    token: Token | None
    lease_seconds: float
    refusal: Refusal | None
    rejected: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """The protocol's times, in seconds, and its counts.

    A value is due `due_before` its end, for the timer `ahead` of that, and no longer
    handed out `spent_before` its end: together below 300, since stable_token hands out
    a new value only within its last 300 seconds.
    """

    lease: float = 0.6
    renew_every: float = 0.15
    wait: float = 10.0
    due_before: float = 120.0
    ahead: float = 120.0
    spent_before: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 300.0
    strikes: int = 3
    forced_a_day: int = 20
    forced_gap: float = 30.0


class Lease:
    """The wire steps for one credential; policy is custody's."""

    def __init__(self, store: Store, name: str, *, pace: Pace) -> None:
        self._store = store
        self._key = f"gateway:credential:{{{name}}}"
        self._pace = pace

    def acquire(
        self,
        holder: str,
        *,
        revision: str,
        ahead: float = 0.0,
        toll: Toll | None = None,
    ) -> Grant:
        """Read value and lease together, and take the lease where it is free."""
        keys = [self._key, self._wake_key("0")]
        arguments: list[Any] = [holder, _ms(self._pace.lease), revision, _ms(ahead)]
        if toll:
            keys.append(f"{self._key}:rate:{toll.name}")
            arguments += [toll.per_second, toll.burst]
        reply = self._store.run(lease_scripts.ACQUIRE, keys, arguments)
        verdict, value, life, fence, left, errcode, errmsg, rejected = map(_text, reply)
        return Grant(
            verdict=Verdict(verdict),
            fence=fence,
            token=Token(value, int(life) / 1000) if value else None,
            lease_seconds=int(left) / 1000,
            refusal=Refusal(int(errcode), errmsg) if errcode else None,
            rejected=rejected,
        )

    def renew(self, holder: str, fence: str) -> bool:
        """Prolong the lease; False if it is no longer mine."""
        reply = self._run(
            lease_scripts.RENEW, fence, holder, fence, _ms(self._pace.lease)
        )
        return bool(reply)

    def commit(
        self,
        holder: str,
        fence: str,
        token: Token,
        *,
        due_in: float,
        fetches: int,
        retires: bool,
    ) -> Token | None:
        """Store and wake; when refused, return what stands there instead, if any."""
        arguments = [holder, fence, token.value, _ms(token.seconds), _ms(due_in)]
        reply = self._run(
            lease_scripts.COMMIT, fence, *arguments, fetches, int(retires)
        )
        if reply[0] == 1:
            return token
        value, life = _text(reply[1]), int(reply[2])
        return Token(value, life / 1000) if value else None

    def give_up(
        self,
        holder: str,
        fence: str,
        refusal: Refusal,
        *,
        revision: str,
        jitter: float,
        fetches: int,
        retires: bool,
    ) -> None:
        """Tell the waiters WeChat's code at once, and let a growing pause begin."""
        pauses = _ms(self._pace.first_pause), _ms(self._pace.longest_pause)
        arguments = [holder, fence, refusal.errcode, refusal.errmsg, revision, *pauses]
        counts = fetches, int(retires)
        self._run(lease_scripts.GIVE_UP, fence, *arguments, jitter, *counts)

    def reject(self, value: str, *, worked: bool, revision: str) -> bool:
        """Drop the value if it is still the stored one; tell whether it was.

        `worked` tells that a call with it has succeeded before. Values that never do
        are fetched at a falling pace: with the default pace 4 at once, then 8 in ten
        minutes, then 12 an hour.
        """
        limits = self._pace.strikes, _ms(self._pace.longest_pause)
        reply = self._run(
            lease_scripts.REJECT, "0", value, int(worked), *limits, revision
        )
        return bool(reply)

    def claim_force(self, holder: str, fence: str) -> str:
        """Count a use of force_refresh, if granted; "refused" or "late" if not."""
        limits = self._pace.forced_a_day, _ms(self._pace.forced_gap)
        return _text(self._run(lease_scripts.CLAIM_FORCE, "0", holder, fence, *limits))

    def describe(self) -> dict[str, str]:
        """Return what is known of the credential, except any value."""
        told = [_text(each) for each in self._run(lease_scripts.DESCRIBE, "0")]
        return dict(zip(told[::2], told[1::2], strict=True))

    def wait(self, fence: str, *, seconds: float) -> Token | Refusal | None:
        """Return what the holder of this fence got; None if it stays silent."""
        told = self._store.wait(self._wake_key(fence), seconds=seconds)
        if told is None:
            return None
        kind, (number, _, text) = told[:1], told[1:].decode().partition(":")
        if kind == b"V":
            return Token(text, int(number) / 1000)
        return Refusal(int(number), text)

    def _wake_key(self, fence: str) -> str:
        return f"{self._key}:wake:{fence}"

    def _run(self, script: str, fence: str, *arguments: Any) -> Any:
        keys = [self._key, self._wake_key(fence)]
        return self._store.run(script, keys, list(arguments))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _text(reply: bytes) -> str:
    return reply.decode()
