"""Recent values: what one process remembers of the credentials it has handed out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from runtime.custody.protocol import CredentialValue, Source

RECENT_SECONDS = 1.0
"""How long a value is used without asking Redis, even if it was dropped meanwhile."""


class Moment(NamedTuple):
    """One moment by two clocks, in seconds."""

    steady: float
    wall: float


@dataclass(frozen=True, slots=True)
class _Seen:
    credential: CredentialValue
    revision: str
    asked_at: Moment


class RecentValues:
    """The last value seen of each credential, with its remaining life.

    A life counts from the moment before Redis was asked. Of the two clocks the one
    that has advanced more decides: while a process is frozen, one may stand still.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        wall: Callable[[], float],
        due_before: float,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._due_before = due_before
        self._seen: dict[str, _Seen] = {}
        self._rejected: dict[str, tuple[str, Moment]] = {}
        self._lock = threading.Lock()

    def now(self) -> Moment:
        """Return this moment, for `see`: to be taken before Redis is asked."""
        return Moment(self._clock(), self._wall())

    def see(
        self, source: Source, credential: CredentialValue, *, asked_at: Moment
    ) -> None:
        """Remember a value, unless it was rejected after Redis was asked for it."""
        with self._lock:
            value, at = self._rejected.get(source.name, ("", asked_at))
            if credential.value != value or asked_at > at:
                self._seen[source.name] = _Seen(credential, source.revision, asked_at)

    def recent(self, source: Source) -> CredentialValue | None:
        """Return the value seen within RECENT_SECONDS, None if it may be due by now.

        A value that may be due is not remembered, so that somebody asks Redis and
        replaces it; nor is one of an earlier version of the app's document.
        """
        seen = self._seen.get(source.name)
        if seen is None or seen.revision != source.revision:
            return None
        age = self._age(seen)
        left = seen.credential.seconds - age
        if age >= RECENT_SECONDS or left <= self._due_before:
            return None
        return CredentialValue(seen.credential.value, left)

    def last(self, source: Source) -> CredentialValue | None:
        """Return the last value seen while it lives: for when Redis is away."""
        seen = self._seen.get(source.name)
        if seen is None:
            return None
        left = seen.credential.seconds - self._age(seen)
        return CredentialValue(seen.credential.value, left) if left > 0 else None

    def forget(self, source: Source, value: str) -> None:
        """Forget a value that WeChat refused."""
        with self._lock:
            self._rejected[source.name] = value, self.now()
            seen = self._seen.get(source.name)
            if seen and seen.credential.value == value:
                del self._seen[source.name]

    def _age(self, seen: _Seen) -> float:
        now = self.now()
        steady, wall = seen.asked_at
        return max(now.steady - steady, now.wall - wall)
