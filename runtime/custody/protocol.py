"""Types of the token protocol: sources and values, verdicts, rate costs, the pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from runtime.errors import WeChatUnavailable

Count = Callable[[str, str], None]
"""Called with a credential's name and what became of an attempt to get it: `stored`,
`refused` by WeChat, `failed`, `late` if another holder was faster, `unsaved` without
Redis; `waited` for a caller that found another one fetching."""


def count_nothing(name: str, what: str) -> None:
    """Count nothing."""


class Source(Protocol):
    """The place that a credential is fetched from.

    `name` identifies the credential and holds no secret, `revision` is the version of
    the app's document, and `retires` tells whether fetching a new value retires the
    one before. `repeats` tells whether a fetch brings the same value again while that
    lives, and no fetch can be forced.
    """

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def retires(self) -> bool: ...
    @property
    def repeats(self) -> bool: ...

    def fetch(self, *, force: bool) -> CredentialValue:
        """Return a value from WeChat; WeChatRefused or WeChatUnavailable."""


@dataclass(frozen=True, slots=True)
class CredentialValue:
    """A credential's value and how long it lives from now, in seconds.

    A fetch may bring something else that has to be durable before the value counts:
    then `before_commit` writes it, and raises GatewayError where it cannot.
    """

    value: str = field(repr=False)
    seconds: float
    before_commit: Callable[[], object] | None = field(
        default=None, repr=False, compare=False
    )


class Verdict(Enum):
    """The step that a caller of `acquire` takes next."""

    FRESH = "FRESH"  # use the value
    DUE = "DUE"  # use the value, and replace it: you hold the lease
    MINE = "MINE"  # there is none; fetch it: you hold the lease
    WAIT = "WAIT"  # there is none; another holder is fetching it
    PAUSED = "PAUSED"  # there is none, and WeChat refused a moment ago
    LIMITED = "LIMITED"  # the rate does not cover the cost: retry after `lease_seconds`


@dataclass(frozen=True, slots=True)
class Acquired:
    """The answer to `acquire`; `credential` is None where no value lives.

    `rejected` is the value that WeChat refused last, `paid` how many rate costs were
    taken.
    """

    verdict: Verdict
    fence: str
    credential: CredentialValue | None
    lease_seconds: float
    refusal: Refusal | None
    rejected: str = field(repr=False)
    paid: int


@dataclass(frozen=True, slots=True)
class Committed:
    """The answer to `commit`: whether the value is stored, and what is stored now.

    It has the life that the value is stored with, and is due in `due_in` seconds.
    """

    is_stored: bool
    credential: CredentialValue | None
    due_in: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """WeChat's own code and text, stored for those who ask during the pause."""

    errcode: int
    errmsg: str


@dataclass(frozen=True, slots=True)
class RateCost:
    """The cost of a call for its client: one unit of the bucket of this name.

    The bucket holds `burst` units and is refilled with `per_second`.
    """

    name: str
    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Pace:
    """The protocol's times, in seconds, and its counts.

    The pause after a failure grows up to `longest_pause` where WeChat refused, and up
    to `network_pause` where no answer of WeChat's came.

    A value is due `due_before` its end, for the timer `ahead` of that, and no longer
    handed out `spent_before` its end: together below 300, since stable_token hands out
    a new value only within its last 300 seconds.

    A platform that repeats a value which was rejected has `repeated_wait` to replace
    it, before another rejection counts.
    """

    lease: float = 0.6
    renew_every: float = 0.15
    wait: float = 10.0
    due_before: float = 120.0
    ahead: float = 120.0
    spent_before: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 300.0
    network_pause: float = 15.0
    rejections: int = 20
    rejection_every: float = 60.0
    forced_a_day: int = 20
    forced_gap: float = 30.0
    repeated_wait: float = 3.0


def value_of(answer: Mapping[str, Any], field_: str) -> CredentialValue:
    """Return the value that an answer has in this field; WeChatUnavailable if none."""
    value = answer.get(field_)
    try:
        seconds = float(answer.get("expires_in", ""))
    except (TypeError, ValueError):
        raise WeChatUnavailable from None
    if not isinstance(value, str) or not value or not 0 < seconds < 1e6:
        raise WeChatUnavailable
    return CredentialValue(value, seconds)
