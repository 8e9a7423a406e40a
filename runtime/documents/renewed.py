"""Renewed values: shared by threads, used while they are renewed, and while they fail.

10:00:00  A asks; the value is older than A accepts. A thread begins to renew it.
10:00:00  B asks, too, and joins. Both wait for a fifth of a second at most.
10:00:00  The renewal is slow: A and B go on with the value that is known.
10:00:04  It has ended: C gets the new value.

Only who asks first of all waits longer, since there is nothing to go on with; and of
many such callers only a few, or they would hold every thread of their process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from runtime.documents.store import StoreAway

T = TypeVar("T")

log = logging.getLogger("gateway.documents")

PATIENCE_SECONDS = 0.2
"""Longest time that a renewal delays a caller who can go on with what is known."""

FIRST_SECONDS = 5.0
"""Longest time that a caller waits who cannot."""

FEW = 4
"""So many callers wait for so long."""

OTHERS_SECONDS = 1.0
"""Longest time that the others wait: much more than a store in order takes."""

PAUSE_SECONDS = 2.0
"""Between two renewals, where one has brought nothing newer."""

LATER_SECONDS = 0.05
"""A renewal that no caller waits for begins so late, when its caller has its answer."""

LOST_SECONDS = 60.0
"""A renewal that takes longer is given up: FC may have frozen its thread."""


@dataclass(frozen=True, slots=True)
class Aged(Generic[T]):
    """A value, and when the question was asked that it answers."""

    asked_at: float
    value: T


class Renewed(Generic[T]):
    """One value that threads share; `renew(within)` brings it, OSError if it cannot."""

    def __init__(
        self,
        renew: Callable[[float], Aged[T]],
        *,
        name: str,
        clock: Callable[[], float],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._renew = renew
        self._name = name
        self._clock = clock
        self._patience = patience
        self._known: Aged[T] | None = None
        self._is_expired = False
        self._retry_at = float("-inf")
        self._renewal: _Renewal[T] | None = None
        self._waiting = 0
        self._lock = threading.Lock()

    def get(
        self, within: float, *, first: float = FIRST_SECONDS, at_once: float = 0.0
    ) -> Aged[T]:
        """Return the value, if possible of a question at most `within` seconds ago.

        An older one if no newer one comes soon; without waiting if the question was
        asked at most `at_once` seconds ago. Without any, StoreAway after `first`
        seconds of the renewal.
        """
        with self._lock:
            known = self._known
            if known and self._is_fresh(known, within):
                return known
            renewal = self._under_way()
            if renewal is None:
                if self._clock() < self._retry_at:
                    if known:
                        return known
                    raise StoreAway(f"{self._name}: away a moment ago")
                is_awaited = not (known and self._is_fresh(known, at_once))
                renewal = self._begin(
                    within, after=0.0 if is_awaited else LATER_SECONDS
                )
            if known and self._is_fresh(known, at_once):
                return known
        with suppress(FutureTimeout):
            return renewal.result(self._patience)
        if known := self._known:
            return known
        with suppress(FutureTimeout):
            return self._wait(renewal, first)
        if known := self._known:
            return known
        raise StoreAway(f"{self._name}: no answer in time")

    def _wait(self, renewal: _Renewal[T], seconds: float) -> Aged[T]:
        with self._lock:
            is_one_of_few = self._waiting < FEW
            self._waiting += 1
        try:
            # What renews another value by this one is alone, and waits for longer.
            if not is_one_of_few and seconds <= FIRST_SECONDS:
                seconds = min(seconds, OTHERS_SECONDS)
            return renewal.result(seconds)
        finally:
            with self._lock:
                self._waiting -= 1

    def offer(self, aged: Aged[T]) -> None:
        """Let callers go on with this one if nothing is known."""
        with self._lock:
            self._known = self._known or aged

    def expire(self) -> None:
        """Let the next caller get an answer to a question that is asked from now on."""
        with self._lock:
            self._is_expired = True
            self._retry_at = float("-inf")
            self._renewal = None

    @property
    def is_expired(self) -> bool:
        """Tell whether only an answer to a new question will do."""
        return self._is_expired

    def _is_fresh(self, known: Aged[T], within: float) -> bool:
        return not self._is_expired and self._clock() < known.asked_at + within

    def _under_way(self) -> _Renewal[T] | None:
        renewal = self._renewal
        if renewal and time.monotonic() > renewal.began_at + LOST_SECONDS:
            return None
        return renewal

    def _begin(self, within: float, *, after: float) -> _Renewal[T]:
        renewal = self._renewal = _Renewal(Future(), time.monotonic())
        # A thread of its own can be left behind where the store does not answer.
        thread = threading.Thread(
            target=self._run, args=(renewal, within, after), daemon=True
        )
        thread.start()
        return renewal

    def _run(self, renewal: _Renewal[T], within: float, after: float) -> None:
        time.sleep(after)
        found: Aged[T] | None = None
        fault: BaseException | None = None
        try:
            found = self._renew(within)
        except OSError as error:
            fault = error
        except Exception as error:
            log.exception("%s cannot be listed", self._name)
            fault = StoreAway(f"{self._name}: {type(error).__name__}")
        with self._lock:
            if found and (not self._known or self._known.asked_at <= found.asked_at):
                self._known = found
            if self._renewal is renewal:
                self._renewal = None
                self._is_expired = self._is_expired and not found
                if not found or not self._is_fresh(found, within):
                    self._retry_at = self._clock() + PAUSE_SECONDS
        if found:
            renewal.future.set_result(found)
        elif known := self._known:
            renewal.future.set_result(known)
        else:
            renewal.future.set_exception(fault or StoreAway(self._name))


@dataclass(frozen=True, slots=True)
class _Renewal(Generic[T]):
    future: Future[Aged[T]]
    began_at: float

    def result(self, seconds: float) -> Aged[T]:
        """Return its result if it comes within these seconds of its beginning."""
        left = self.began_at + seconds - time.monotonic()
        return self.future.result(max(0.0, left))
