"""Lease of a credential in Redis: one round trip a step (see lease_scripts)."""

from __future__ import annotations

from typing import Any

from runtime.custody import lease_scripts
from runtime.custody.protocol import (
    Acquired,
    Committed,
    CredentialValue,
    Pace,
    RateCost,
    Refusal,
    Verdict,
)
from runtime.state.redis_store import RedisStore


class Lease:
    """The steps of the protocol for one credential; custody decides which to take."""

    def __init__(self, store: RedisStore, name: str, *, pace: Pace) -> None:
        self._store = store
        self._key = credential_key(name)
        self._pace = pace

    def acquire(
        self,
        holder: str,
        *,
        revision: str,
        ahead: float = 0.0,
        cost: RateCost | None = None,
        count: int = 1,
    ) -> Acquired:
        """Read value and lease together, and take the lease where it is free.

        With a rate cost, up to `count` units are taken: at least one, or it is LIMITED.
        """
        keys = [self._key, self._wake_key("0")]
        arguments: list[Any] = [holder, _ms(self._pace.lease), revision, _ms(ahead)]
        if cost:
            keys.append(f"{self._key}:rate:{cost.name}")
            arguments += [cost.per_second, cost.burst, count]
        reply = self._store.run(lease_scripts.ACQUIRE, keys, arguments, repeatable=True)
        verdict, value, life, fence, left, *refused, rejected, paid = map(_text, reply)
        errcode, errmsg = refused
        return Acquired(
            verdict=Verdict(verdict),
            fence=fence,
            credential=CredentialValue(value, int(life) / 1000) if value else None,
            lease_seconds=int(left) / 1000,
            refusal=Refusal(int(errcode), errmsg) if errcode else None,
            rejected=rejected,
            paid=int(paid),
        )

    def renew(self, holder: str, fence: str) -> bool:
        """Prolong the lease; False if the holder has lost it."""
        reply = self._run(
            lease_scripts.RENEW, fence, holder, fence, _ms(self._pace.lease)
        )
        return bool(reply)

    def commit(
        self,
        holder: str,
        fence: str,
        credential: CredentialValue,
        *,
        due_in: float,
        fetches: int,
        retires: bool,
        repeats: bool = False,
    ) -> Committed:
        """Store the value and wake the waiters; if refused, tell the stored value.

        With `repeats`, the value that is stored, or was rejected last, keeps its end.
        """
        arguments: list[Any] = [
            holder,
            fence,
            credential.value,
            _ms(credential.seconds),
            _ms(due_in),
            fetches,
            int(retires),
        ]
        if repeats:
            pace = self._pace
            arguments += [_ms(pace.spent_before), _ms(pace.repeated_wait)]
        reply = self._run(lease_scripts.COMMIT, fence, *arguments)
        if reply[0] == 1:
            life, due_ms = int(reply[1]) / 1000, int(reply[2])
            return Committed(
                True, CredentialValue(credential.value, life), due_ms / 1000
            )
        value, life = _text(reply[1]), int(reply[2]) / 1000
        return Committed(False, CredentialValue(value, life) if value else None, 0.0)

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
        longest_pause: float | None = None,
        stops: bool = False,
    ) -> None:
        """Tell the waiters the platform's code at once, and begin a growing pause.

        With `stops` the pause ends only with another revision, or by an operator.
        """
        longest = longest_pause or self._pace.longest_pause
        pauses = _ms(self._pace.first_pause), _ms(longest)
        arguments = [holder, fence, refusal.errcode, refusal.errmsg, revision, *pauses]
        counts = fetches, int(retires), int(stops)
        self._run(lease_scripts.GIVE_UP, fence, *arguments, jitter, *counts)

    def reject(self, value: str) -> bool:
        """Drop the value if it is still the stored one; tell whether it was.

        At most as often as the bucket of rejections allows: 20 at once and 60 an hour
        with the default pace.
        """
        limits = self._pace.rejections, _ms(self._pace.rejection_every)
        return bool(self._run(lease_scripts.REJECT, "0", value, *limits))

    def put(
        self, credential: CredentialValue, *, due_in: float, since: int | None
    ) -> bool:
        """Store a value that no holder has fetched; a fetch under way is refused.

        One of the time `since`, in ms of Redis' clock, replaces none fetched later.
        """
        life = _ms(credential.seconds)
        arguments = credential.value, life, _ms(due_in), _optional(since)
        return bool(self._run(lease_scripts.PUT, "0", *arguments))

    def drop(self, *, since: int | None) -> bool:
        """Drop the value, unless it was fetched since; a fetch under way is refused."""
        return bool(self._run(lease_scripts.DROP, "0", _optional(since)))

    def refund(self) -> None:
        """Put back the unit that a rejection took from its bucket."""
        self._run(lease_scripts.REFUND, "0")

    def claim_force(self, holder: str, fence: str) -> str:
        """Return "granted" and count the forced fetch, or "refused" or "late"."""
        limits = self._pace.forced_a_day, _ms(self._pace.forced_gap)
        return _text(self._run(lease_scripts.CLAIM_FORCE, "0", holder, fence, *limits))

    def describe(self) -> dict[str, str]:
        """Return the fields of the credential, without any value."""
        pairs = [_text(each) for each in self._run(lease_scripts.DESCRIBE, "0")]
        return dict(zip(pairs[::2], pairs[1::2], strict=True))

    def wait(self, fence: str, *, seconds: float) -> CredentialValue | Refusal | None:
        """Return what the holder of this fence got; None if it does not say in time."""
        message = self._store.wait(self._wake_key(fence), seconds=seconds)
        if message is None:
            return None
        kind, (number, _, text) = message[:1], message[1:].decode().partition(":")
        if kind == b"V":
            return CredentialValue(text, int(number) / 1000)
        return Refusal(int(number), text)

    def _wake_key(self, fence: str) -> str:
        return f"{self._key}:wake:{fence}"

    def _run(self, script: str, fence: str, *arguments: Any) -> Any:
        keys = [self._key, self._wake_key(fence)]
        # Not a refund: it would be paid twice.
        repeatable = script is not lease_scripts.REFUND
        return self._store.run(script, keys, list(arguments), repeatable=repeatable)


def credential_key(name: str) -> str:
    """Return the key of a credential's hash."""
    return f"gateway:credential:{{{name}}}"


def _optional(since: int | None) -> int | str:
    return "" if since is None else since


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _text(reply: bytes) -> str:
    return reply.decode()
