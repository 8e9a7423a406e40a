"""The way to a document: this process' memory, then Redis' copy, then the store.

10:00:00  A reads apps/wx1: nothing in Redis, so from the store; A leaves a copy.
10:00:01  B writes version 2 to the store, then puts it over the copy.
10:00:02  A's memory of version 1 ends; A finds version 2 in Redis.
10:05:00  C writes version 3 and dies before it reaches Redis.
10:05:30  at the latest, one reader compares copy and store, and puts version 3.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.secret_fields import SecretFields
from runtime.documents.store import DocumentStore, StoreAway
from runtime.errors import ServiceUnavailable
from runtime.state.single_flight import SingleFlight

FRESH_SECONDS = 2.0
"""A change is seen by every process within this time."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, its secrets opened."""

    version: int
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was there at `asked_at`; `document` is None where it was removed."""

    asked_at: float
    version: int
    document: Document | None


class DocumentMemory:
    """The latest answers by name; what is absent is not remembered.

    Strangers may ask for any id, so only what exists takes room.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()

    def fresh(self, name: str) -> Seen | None:
        """Return what was seen within the last FRESH_SECONDS."""
        seen = self._seen.get(name)
        if seen is None or self._clock() >= seen.asked_at + FRESH_SECONDS:
            return None
        return seen

    def last(self, name: str) -> Seen | None:
        """Return what was seen last, however long ago."""
        return self._seen.get(name)

    def keep(self, name: str, seen: Seen) -> None:
        """Remember it, unless somebody who asked later already has."""
        with self._lock:
            kept = self._seen.get(name)
            if kept is None or _order(kept) <= _order(seen):
                self._seen[name] = seen

    def prolong(self, name: str, seen: Seen) -> None:
        """Go on with it for FRESH_SECONDS: there is nobody to ask."""
        self.keep(name, replace(seen, asked_at=self._clock()))

    def forget(self, name: str) -> None:
        """Drop what was seen: there is no such document."""
        with self._lock:
            self._seen.pop(name, None)


def _order(seen: Seen) -> tuple[float, int]:
    return seen.asked_at, seen.version


log = logging.getLogger("gateway.documents")

FLIGHT_SECONDS = 30.0
"""Longer than the time-outs of a store and of Redis together."""

COMPARE_SECONDS = 0.2
"""Longest that a store which is away holds up who compares a copy with it."""


class DocumentReader:
    """Finds newest versions; threads that want the same one share one search."""

    def __init__(
        self,
        store: DocumentStore,
        fields: SecretFields,
        *,
        copies: DocumentCopies | None,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._fields = fields
        self._copies = copies
        self._clock = clock
        self._memory = DocumentMemory(clock)
        self._single_flight: SingleFlight[Document | None] = SingleFlight()
        self._listed: dict[str, tuple[float, frozenset[str]]] = {}

    def read(self, name: str) -> Document | None:
        """Return the newest version of `{kind}/{id}`, at most two seconds old.

        Without store and Redis it is the one seen last; OSError if there is none.
        """
        if seen := self._memory.fresh(name):
            return seen.document
        flight, is_first = self._single_flight.join(name)
        if not is_first:
            return _result_of(flight)
        try:
            seen, due = self._search(name)
            flight.set_result(seen.document if seen else None)
        except BaseException as error:
            flight.set_exception(error)
            raise
        finally:
            self._single_flight.finish(name, flight)
        return self._compare(name, seen) if seen and due else flight.result()

    def renew(self, name: str) -> Document | None:
        """Return the newest version as the store has it now, and leave a copy."""
        seen = self._from_store(name, copies=self._copies)
        return seen.document if seen else None

    def take(self, name: str, version: int, stored: bytes) -> None:
        """Tell this process and all others of a version that was just written."""
        self._keep(name, self._clock(), version, stored)
        self._copy(self._copies, name, version, stored)

    def _search(self, name: str) -> tuple[Seen | None, bool]:
        """Return what was found, and whether it is a copy due for a comparison."""
        asked_at, last, copies = self._clock(), self._memory.last(name), self._copies
        try:
            copy = copies.get(name) if copies else None
        except ServiceUnavailable:
            copy = copies = None
        if copy and not (last and last.version > copy.version):
            return self._keep(name, asked_at, copy.version, copy.content), copy.due
        try:
            if copies and not self._is_listed(name):
                self._memory.forget(name)
                return None, False
            return self._from_store(name, copies=copies), False
        except OSError:
            if last is None:
                raise
            self._memory.prolong(name, last)
            return last, False

    def _is_listed(self, name: str) -> bool:
        """Tell whether the store had it within two seconds; what is new has a copy.

        Strangers may ask for any id: without this, each would be looked for there.
        """
        kind, _, id_ = name.partition("/")
        asked_at = self._clock()
        listed_at, ids = self._listed.get(kind, (float("-inf"), frozenset()))
        if asked_at >= listed_at + FRESH_SECONDS:
            ids = frozenset(self._store.ids(kind))
            self._listed[kind] = asked_at, ids
        return id_ in ids

    def _from_store(self, name: str, *, copies: DocumentCopies | None) -> Seen | None:
        asked_at = self._clock()
        versions = self._store.versions(name)
        if not versions:
            self._memory.forget(name)
            return None
        stored = self._store.read(name, versions[-1])
        self._copy(copies, name, versions[-1], stored)
        return self._keep(name, asked_at, versions[-1], stored)

    def _compare(self, name: str, seen: Seen) -> Document | None:
        """Return what the store has; the copy if it does not say so at once."""
        told: Future[Document | None] = Future()

        def compare() -> None:
            try:
                told.set_result(self._heal(name, seen))
            except Exception as error:
                log.warning("%s: not compared, %s", name, type(error).__name__)
                told.set_result(seen.document)

        # A thread of its own can be left behind where the store does not answer. What
        # FC freezes with it is lost; the next comparison is half a minute away.
        threading.Thread(target=compare, daemon=True).start()
        try:
            return told.result(COMPARE_SECONDS)
        except FutureTimeout:
            return seen.document

    def _heal(self, name: str, seen: Seen) -> Document | None:
        newest = (self._store.versions(name) or [0])[-1]
        if newest == seen.version:
            return seen.document
        if newest < seen.version and self._copies:
            # The store was put back to an earlier state; it is what counts.
            self._copies.drop(name, seen.version)
        return self.renew(name)

    def _keep(self, name: str, asked_at: float, version: int, stored: bytes) -> Seen:
        content = self._fields.open(name, stored)
        document = None if content is None else Document(version, content)
        seen = Seen(asked_at, version, document)
        self._memory.keep(name, seen)
        return seen

    def _copy(
        self, copies: DocumentCopies | None, name: str, version: int, stored: bytes
    ) -> None:
        if copies:
            with suppress(ServiceUnavailable):
                copies.put(name, version, stored)


def _result_of(flight: Future[Document | None]) -> Document | None:
    try:
        return flight.result(FLIGHT_SECONDS)
    except FutureTimeout:
        raise StoreAway("nobody found the document in time") from None
