"""Documents of apps and clients, each a chain of immutable versions.

`{kind}/{id}/{version}.json`: writing the next version, create-only, is the
compare-and-swap. Secret fields are sealed before they reach the store.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.crypto.envelope import Envelope
from runtime.documents.listing import DocumentListing, Listing, VersionListing
from runtime.documents.memory import FRESH_SECONDS, Document, DocumentMemory
from runtime.documents.reader import COMPARE_SECONDS, DocumentReader
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.renewed import FIRST_SECONDS, PATIENCE_SECONDS
from runtime.documents.secret_fields import READ_BY_ID, SECRET_FIELDS, SecretFields
from runtime.documents.store import REMOVED, DocumentStore, Stored, VersionExists
from runtime.documents.unreadable import UnreadableDocument

if TYPE_CHECKING:
    from runtime.documents.audit_objects import AuditObjects
    from runtime.documents.authors import Authors
    from runtime.documents.check import Finding
    from runtime.documents.copied_documents import CopiedDocuments

__all__ = [
    "FIRST_SECONDS",
    "FRESH_SECONDS",
    "SECRET_FIELDS",
    "Document",
    "Documents",
    "Listing",
    "Stored",
    "UnreadableDocument",
    "VersionExists",
    "Written",
]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Written:
    """A version that was written, with the bytes in the store."""

    kind: str
    id: str
    version: int
    stored: bytes = field(repr=False)


_written: ContextVar[list[Written] | None] = ContextVar("written", default=None)
_author: ContextVar[Mapping[str, Any] | None] = ContextVar("author", default=None)


class Documents:
    """Access to the documents; every fault of the store is an OSError."""

    def __init__(
        self,
        store: DocumentStore,
        envelope: Envelope,
        *,
        copies: DocumentCopies | None = None,
        clock: Callable[[], float] = time.monotonic,
        memory: DocumentMemory | None = None,
        compare_seconds: float = COMPARE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._store = store
        self._copies = copies
        self._fields = SecretFields(envelope)
        self._versions = {
            kind: VersionListing(
                store, kind, copies=copies, clock=clock, patience=patience
            )
            for kind in SECRET_FIELDS
        }
        self._reader = DocumentReader(
            store,
            self._fields,
            copies=copies,
            memory=DocumentMemory(clock) if memory is None else memory,
            may_be_there=self._may_be_there,
            clock=clock,
            compare_seconds=compare_seconds,
        )
        self._listings = {
            kind: DocumentListing(
                kind,
                versions=versions,
                reader=self._reader,
                clock=clock,
                patience=patience,
            )
            for kind, versions in self._versions.items()
        }

    def read(self, kind: str, id_: str) -> Document | None:
        """Return the newest version, at most two seconds old; None if absent.

        UnreadableDocument if it is damaged, or no master key opens it.
        """
        return self._reader.read(f"{kind}/{id_}") if _ID.fullmatch(id_) else None

    def listing(
        self,
        kind: str,
        *,
        within: float = FRESH_SECONDS,
        first: float = FIRST_SECONDS,
        at_once: float = 0.0,
    ) -> Listing:
        """Return all documents of a kind, as they were within the last seconds.

        Older ones if the store is slow or away; without waiting for it, as they were
        within the last `at_once` seconds. StoreAway if the store has never answered and
        does not within `first` seconds.
        """
        return self._listings[kind].get(within, first=first, at_once=at_once)

    def listed_ids(
        self, kind: str, *, within: float, first: float = FIRST_SECONDS
    ) -> tuple[str, ...]:
        """Return the ids of all documents of a kind, as `listing` does, unread.

        For a timer: a kind with many documents is not listed to answer a request.
        """
        return tuple(self._versions[kind].renewed.get(within, first=first).value)

    def list_now(self, kind: str) -> Listing:
        """Return all documents of a kind as the store has them now."""
        return self._listings[kind].now()

    def write(
        self,
        kind: str,
        id_: str,
        content: Mapping[str, Any],
        *,
        after: int,
        beyond: int = 0,
    ) -> int:
        """Write the version that follows `after` (0: the first) and return it.

        VersionExists if `after` is no longer the newest. Its number is also above
        `beyond`, that of a version which the store has lost: whoever remembers that one
        then sees that this one is newer.
        """
        name = _name(kind, id_)
        stored = self._fields.seal(name, content)
        return self._append(name, stored, after, beyond=beyond)

    def remove(self, kind: str, id_: str, *, after: int) -> int:
        """Write a version that marks the removal, and return it; the history stays.

        LookupError if there is nothing to remove. A later write follows this version.
        """
        name = _name(kind, id_)
        if self._newest_bytes(name)[1] == REMOVED:
            raise LookupError(f"there is no {name}")
        return self._append(name, REMOVED, after)

    def mark_removed(self, kind: str, id_: str, *, after: int, beyond: int) -> int:
        """Write a removal as `write` does a content, also where there is no version."""
        return self._append(_name(kind, id_), REMOVED, after, beyond=beyond)

    def reseal(self, kind: str, id_: str) -> int | None:
        """Write the next version under the newest master key, and return it.

        None if no older key has sealed anything in it.
        """
        name = _name(kind, id_)
        version, stored = self._newest_bytes(name)
        resealed = self._fields.resealed(name, stored)
        return None if resealed is None else self._append(name, resealed, version)

    def ids(self, kind: str) -> list[str]:
        """Return the ids of all documents of a kind, sorted, as the store has them."""
        return self._store.ids(kind)

    def history(self, kind: str, id_: str) -> list[Stored]:
        """Return all versions with their dates, oldest first."""
        return self._store.history(_name(kind, id_))

    def version(self, kind: str, id_: str) -> int:
        """Return the newest version, a removal too, for `after`; 0 if there is none."""
        return (self._store.versions(_name(kind, id_)) or [0])[-1]

    def read_version(self, kind: str, id_: str, version: int) -> Document | None:
        """Return one version from the store; None if absent or a removal."""
        name = _name(kind, id_)
        try:
            content = self._fields.open(name, self._store.read(name, version))
        except FileNotFoundError:
            return None
        return None if content is None else Document(version, content)

    def read_in_part(self, kind: str, id_: str) -> Document | None:
        """Return the newest version from the store; None if absent or removed.

        A secret that no master key opens is a `Sealed`, which a write leaves as it is.
        """
        version = self.version(kind, id_)
        return self.version_in_part(kind, id_, version) if version else None

    def version_in_part(self, kind: str, id_: str, version: int) -> Document | None:
        """Return one version as `read_in_part` does."""
        name = _name(kind, id_)
        try:
            content = self._fields.open_in_part(name, self._store.read(name, version))
        except FileNotFoundError:
            return None
        return None if content is None else Document(version, content)

    @property
    def copied(self) -> CopiedDocuments | None:
        """Return what Redis has of the documents; None if nothing is copied to it."""
        from runtime.documents.copied_documents import CopiedDocuments

        return CopiedDocuments(self._copies, self._fields) if self._copies else None

    def stored(self, kind: str, id_: str, version: int) -> bytes | None:
        """Return a version as it stands in the store, None if it is not there."""
        try:
            return self._store.read(_name(kind, id_), version)
        except FileNotFoundError:
            return None

    @property
    def audit(self) -> AuditObjects:
        """Return the audit log, which stands beside the documents."""
        from runtime.documents.audit_objects import AuditObjects

        return AuditObjects(self._store)

    @property
    def authors(self) -> Authors:
        """Return who wrote which version, which stands beside the documents, too."""
        from runtime.documents.authors import Authors

        return Authors(self._store)

    def author(self, kind: str, id_: str, version: int) -> Mapping[str, Any]:
        """Return who wrote a version and why, nothing if that is not known."""
        name = _name(kind, id_)
        try:
            stored = self._store.read(name, version)
        except FileNotFoundError:
            return {}
        return self.authors.of(name, version, stored)

    @contextmanager
    def noting(
        self, author: Mapping[str, Any] | None = None
    ) -> Iterator[list[Written]]:
        """Give a list of what this thread's context writes within the block.

        With an `author`, JSON that says who, it is noted of each of these versions.
        """
        written: list[Written] = []
        token, former = _written.set(written), _author.set(author)
        try:
            yield written
        finally:
            _written.reset(token)
            _author.reset(former)

    def opened(self, written: Written) -> Mapping[str, Any] | None:
        """Return the content of a version that was written; None of a removal."""
        return self._fields.open_in_part(f"{written.kind}/{written.id}", written.stored)

    def check(self) -> list[Finding]:
        """Read every version of every document; return a finding for each."""
        from runtime.documents.check import check_store

        return check_store(self._store, self._fields)

    def create_only_fault(self) -> str:
        """Try to replace an object; return what is wrong, "" if that is refused."""
        return self._store.create_only_fault()

    def _may_be_there(self, name: str) -> bool:
        kind, _, id_ = name.partition("/")
        if kind in READ_BY_ID:
            return True
        return id_ in self._versions[kind].renewed.get(FRESH_SECONDS).value

    def _append(self, name: str, stored: bytes, after: int, *, beyond: int = 0) -> int:
        version = max(after, beyond) + 1
        try:
            if (self._store.versions(name) or [0])[-1] != after:
                raise VersionExists(f"{name}/{after + 1}")
            self._store.create(name, version, stored)
        except VersionExists:
            # The writer that lost must see the winner's version at once.
            self._reader.look(name)
            raise
        if (written := _written.get()) is not None:
            kind, _, id_ = name.partition("/")
            written.append(Written(kind, id_, version, stored))
        if (author := _author.get()) is not None:
            self.authors.note(name, version, stored, author)
        self._reader.publish(name, version, stored)
        self._listings[name.partition("/")[0]].expire()
        return version

    def _newest_bytes(self, name: str) -> tuple[int, bytes]:
        versions = self._store.versions(name)
        if not versions:
            return 0, REMOVED
        return versions[-1], self._store.read(name, versions[-1])


def _name(kind: str, id_: str) -> str:
    if not _ID.fullmatch(id_):
        raise ValueError("an id has 1 to 64 letters, digits, '_' or '-'")
    return f"{kind}/{id_}"
