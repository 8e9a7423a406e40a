"""Reader of documents: from this process' memory, then Redis' copy, then the store.

10:00:00  A reads apps/wx1: Redis has no copy, so A reads the store and writes a copy.
10:00:01  B writes version 2 to the store, then replaces the copy.
10:00:02  A's memory of version 1 ends; A finds version 2 in Redis.
10:05:00  C writes version 3 and dies before it reaches Redis.
10:05:30  At the latest, one reader compares copy and store, and copies version 3.
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

log = logging.getLogger("gateway.documents")

FRESH_SECONDS = 2.0
"""A change is seen by every process within this time."""

SEARCH_SECONDS = 30.0
"""Longer than the timeouts of a store and of Redis together."""

COMPARE_SECONDS = 0.2
"""Longest time that a comparison with an unreachable store delays a reader."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, with its secrets opened."""

    version: int
    content: Mapping[str, Any] = field(repr=False)


class DocumentReader:
    """A reader of newest versions; threads that want the same one share one search."""

    def __init__(
        self,
        store: DocumentStore,
        fields: SecretFields,
        *,
        copies: DocumentCopies | None,
        memory: DocumentMemory,
        clock: Callable[[], float],
        compare_seconds: float = COMPARE_SECONDS,
    ) -> None:
        self._store = store
        self._fields = fields
        self._copies = copies
        self._memory = memory
        self._clock = clock
        self._compare_seconds = compare_seconds
        self._searches: SingleFlight[Document | None] = SingleFlight()
        self._listed: dict[str, tuple[float, frozenset[str]]] = {}

    def read(self, name: str) -> Document | None:
        """Return the newest version of `{kind}/{id}`, at most two seconds old.

        Without store and Redis it is the last one seen; OSError if there is none.
        """
        if seen := self._memory.fresh(name):
            return seen.document
        search, is_first = self._searches.join(name)
        if not is_first:
            return _result_of(search)
        try:
            seen, due = self._search(name)
            search.set_result(seen.document if seen else None)
        except BaseException as error:
            search.set_exception(error)
            raise
        finally:
            self._searches.finish(name, search)
        return self._compare(name, seen) if seen and due else search.result()

    def read_store(self, name: str) -> Document | None:
        """Return the newest version in the store now, and copy it to Redis."""
        seen = self._from_store(name, copies=self._copies)
        return seen.document if seen else None

    def publish(self, name: str, version: int, stored: bytes) -> None:
        """Show a version that was just written to this process and all others."""
        self._remember(name, self._clock(), version, stored)
        self._copy(self._copies, name, version, stored)

    def _search(self, name: str) -> tuple[Seen | None, bool]:
        """Return what was found, and whether it is a copy due for a comparison."""
        asked_at, last, copies = self._clock(), self._memory.last(name), self._copies
        try:
            copy = copies.get(name) if copies else None
        except ServiceUnavailable:
            copy = copies = None
        if copy and not (last and last.version > copy.version):
            return self._remember(name, asked_at, copy.version, copy.content), copy.due
        try:
            if copies and not self._is_listed(name):
                self._memory.forget(name)
                return None, False
            return self._from_store(name, copies=copies), False
        except OSError:
            if last is None:
                raise
            self._memory.extend(name, last)
            return last, False

    def _is_listed(self, name: str) -> bool:
        """Tell whether the store had it within two seconds; a new one has a copy.

        Anybody may ask for any id: without this, the store would be asked for each.
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
        return self._remember(name, asked_at, versions[-1], stored)

    def _compare(self, name: str, seen: Seen) -> Document | None:
        """Return the store's version; the copy's if the store does not answer soon."""
        newest: Future[Document | None] = Future()

        def compare() -> None:
            try:
                newest.set_result(self._correct(name, seen))
            except Exception as error:
                log.warning("%s: not compared, %s", name, type(error).__name__)
                newest.set_result(seen.document)

        # A thread of its own can be left behind where the store does not answer. FC may
        # freeze it for good; the next comparison is half a minute away.
        threading.Thread(target=compare, daemon=True).start()
        try:
            return newest.result(self._compare_seconds)
        except FutureTimeout:
            return seen.document

    def _correct(self, name: str, seen: Seen) -> Document | None:
        newest = (self._store.versions(name) or [0])[-1]
        if newest == seen.version:
            return seen.document
        if newest < seen.version and self._copies:
            # The store was restored to an earlier state, and the store decides.
            self._copies.drop(name, seen.version)
        return self.read_store(name)

    def _remember(
        self, name: str, asked_at: float, version: int, stored: bytes
    ) -> Seen:
        content = self._fields.open(name, stored)
        document = None if content is None else Document(version, content)
        seen = Seen(asked_at, version, document)
        self._memory.remember(name, seen)
        return seen

    def _copy(
        self, copies: DocumentCopies | None, name: str, version: int, stored: bytes
    ) -> None:
        if copies:
            with suppress(ServiceUnavailable):
                copies.put(name, version, stored)


def _result_of(search: Future[Document | None]) -> Document | None:
    try:
        return search.result(SEARCH_SECONDS)
    except FutureTimeout:
        raise StoreAway("the search for the document took too long") from None


@dataclass(frozen=True, slots=True)
class Seen:
    """Result of a search at `asked_at`; `document` is None where it was removed."""

    asked_at: float
    version: int
    document: Document | None


class DocumentMemory:
    """The last documents seen, by name; an absent one is not remembered.

    Anybody may ask for any id, so only documents that exist take memory.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many documents are remembered."""
        return len(self._seen)

    def fresh(self, name: str) -> Seen | None:
        """Return what was seen within the last FRESH_SECONDS."""
        seen = self._seen.get(name)
        if seen is None or self._clock() >= seen.asked_at + FRESH_SECONDS:
            return None
        return seen

    def last(self, name: str) -> Seen | None:
        """Return what was seen last, however long ago."""
        return self._seen.get(name)

    def remember(self, name: str, seen: Seen) -> None:
        """Remember what was seen, unless a later question has been answered."""
        with self._lock:
            known = self._seen.get(name)
            if known is None or _order(known) <= _order(seen):
                self._seen[name] = seen

    def extend(self, name: str, seen: Seen) -> None:
        """Use it for FRESH_SECONDS more: neither Redis nor the store answers."""
        self.remember(name, replace(seen, asked_at=self._clock()))

    def forget(self, name: str) -> None:
        """Forget a document that does not exist."""
        with self._lock:
            self._seen.pop(name, None)


def _order(seen: Seen) -> tuple[float, int]:
    return seen.asked_at, seen.version
