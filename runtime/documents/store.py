"""Stores of documents: the protocol that a folder and a bucket implement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

REMOVED = b"null"
"""The content of a version that marks a removal.

No JSON object is as short, so that the sizes in a listing show removals.
"""


class VersionExists(Exception):
    """Another writer has written this version first."""


class StoreAway(OSError):
    """The store is unreachable or refuses; the text names the operation and code."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A version in a listing; `written_at` is Unix time."""

    version: int
    size: int
    written_at: float

    @property
    def removed(self) -> bool:
        """Tell whether this version marks a removal."""
        return self.size == len(REMOVED)


class ObjectStore(Protocol):
    """Immutable objects that are no documents; every fault is an OSError.

    No kind of document has the name of their folder.
    """

    def create_object(self, name: str, content: bytes) -> None:
        """Write `{folder}/{name}.json` durably; VersionExists if it is there."""

    def read_object(self, name: str) -> bytes:
        """Return the bytes of `{folder}/{name}.json`; FileNotFoundError if absent."""

    def object_names(self, folder: str) -> list[str]:
        """Return the names of the objects right below a folder, sorted."""


class DocumentStore(ObjectStore, Protocol):
    """Immutable versions under `{kind}/{id}`; every fault is an OSError."""

    def create_only_fault(self) -> str:
        """Try to replace an object; return what is wrong, "" if that is refused."""

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, sorted, without those that are removed."""

    def chains(self, kind: str) -> Mapping[str, list[Stored]]:
        """Return the versions of all documents of a kind by id, oldest first."""

    def history(self, name: str) -> list[Stored]:
        """Return the versions of `{kind}/{id}` with their dates, oldest first."""

    def versions(self, name: str) -> list[int]:
        """Return the versions of `{kind}/{id}`, oldest first."""

    def read(self, name: str, version: int) -> bytes:
        """Return a version's bytes; FileNotFoundError if there is none."""

    def create(self, name: str, version: int, content: bytes) -> None:
        """Write a version whole and durably; VersionExists if it is there."""


def existing_ids(chains: Mapping[str, list[Stored]]) -> list[str]:
    """Return the ids whose newest version is not a removal, sorted."""
    return list(newest_versions(chains))


def newest_versions(chains: Mapping[str, list[Stored]]) -> dict[str, int]:
    """Return the newest version of each id, sorted, without those that are removed."""
    newest = {id_: chain[-1] for id_, chain in sorted(chains.items())}
    return {id_: each.version for id_, each in newest.items() if not each.removed}
