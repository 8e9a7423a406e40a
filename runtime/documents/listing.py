"""Listings: all documents of a kind, by one LIST and one look-up of their copies.

The ids with their newest versions are listed by one process for all: Redis has a copy
of the listing, too. A document is looked up only where its version is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from runtime.documents.memory import Document
from runtime.documents.reader import DocumentReader
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.renewed import (
    FIRST_SECONDS,
    LOST_SECONDS,
    PATIENCE_SECONDS,
    Aged,
    Renewed,
)
from runtime.documents.store import DocumentStore, newest_versions
from runtime.errors import ServiceUnavailable

Versions = Mapping[str, int]
"""The newest version of each id that is not removed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All documents of a kind by id, and the ids of those that cannot be read.

    As long as nothing changes it is the same object.
    """

    documents: Mapping[str, Document]
    unreadable: tuple[str, ...]


class VersionListing:
    """The newest versions of a kind's documents."""

    def __init__(
        self,
        store: DocumentStore,
        kind: str,
        *,
        copies: DocumentCopies | None,
        clock: Callable[[], float],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._store = store
        self._kind = kind
        self._copies = copies
        self._clock = clock
        self.renewed: Renewed[Versions] = Renewed(
            self._renew, name=f"the list of {kind}", clock=clock, patience=patience
        )

    def now(self) -> Aged[Versions]:
        """Return what the store lists now, and copy it to Redis."""
        listed_at = None
        if self._copies:
            with suppress(ServiceUnavailable):
                listed_at = self._copies.listed(self._kind).now
        return self._from_store(listed_at)

    def _renew(self, within: float) -> Aged[Versions]:
        asked_at, now = self._clock(), None
        if self._copies:
            with suppress(ServiceUnavailable):
                copy = self._copies.listed(self._kind)
                now = copy.now
                if copy.versions is not None:
                    aged = Aged(asked_at - copy.age, copy.versions)
                    if copy.age < within and not self.renewed.is_expired:
                        return aged
                    self.renewed.offer(aged)
        return self._from_store(now)

    def _from_store(self, now: int | None) -> Aged[Versions]:
        asked_at = self._clock()
        versions = newest_versions(self._store.chains(self._kind))
        if self._copies and now is not None:
            with suppress(ServiceUnavailable):
                self._copies.put_listed(self._kind, versions, listed_at=now)
        return Aged(asked_at, versions)


class DocumentListing:
    """All documents of a kind."""

    def __init__(
        self,
        kind: str,
        *,
        versions: VersionListing,
        reader: DocumentReader,
        clock: Callable[[], float],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._kind = kind
        self._versions = versions
        self._reader = reader
        self._listing = Listing({}, ())
        self._renewed: Renewed[Listing] = Renewed(
            self._renew, name=f"the {kind}", clock=clock, patience=patience
        )

    def get(
        self, within: float, *, first: float = FIRST_SECONDS, at_once: float = 0.0
    ) -> Listing:
        """Return the listing, at most `within` seconds old if the store answers.

        One of at most `at_once` seconds is returned while it is renewed.
        """
        return self._renewed.get(within, first=first, at_once=at_once).value

    def now(self) -> Listing:
        """Return the listing as the store has it now."""
        return self._made(self._versions.now())

    def expire(self) -> None:
        """Let the next caller see what this process has written."""
        self._versions.renewed.expire()
        self._renewed.expire()

    def _renew(self, within: float) -> Aged[Listing]:
        # The callers of this listing limit their waiting themselves.
        versions = self._versions.renewed.get(within, first=LOST_SECONDS)
        return Aged(versions.asked_at, self._made(versions))

    def _made(self, versions: Aged[Versions]) -> Listing:
        found = self._reader.read_all(
            self._kind, versions.value, asked_at=versions.asked_at
        )
        documents = {
            id_: seen.document
            for id_, seen in found.items()
            if seen.document is not None
        }
        unreadable = tuple(id_ for id_, seen in found.items() if seen.unreadable)
        known = self._listing
        if known.unreadable != unreadable or not _same(known.documents, documents):
            known = self._listing = Listing(documents, unreadable)
        return known


def _same(known: Mapping[str, Document], found: Mapping[str, Document]) -> bool:
    return known.keys() == found.keys() and all(
        found[id_] is document for id_, document in known.items()
    )
