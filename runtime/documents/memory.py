"""Memory of documents: what this process has seen last, and what there was none of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.documents.unreadable import UnreadableDocument

FRESH_SECONDS = 2.0
"""A change is seen by every process within this time."""

MOST_ABSENT = 1000


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, with its secrets opened."""

    version: int
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """Result of a search at `asked_at`; `document` is None where it was removed.

    It is None as well where the version is `unreadable`; `mark` is of its bytes.
    """

    asked_at: float
    version: int
    document: Document | None
    unreadable: bool = False
    mark: int = 0

    def read(self, name: str) -> Document | None:
        """Return the document; UnreadableDocument if it cannot be read."""
        if self.unreadable:
            raise UnreadableDocument(name)
        return self.document


class DocumentMemory:
    """The last documents seen, by name, and the last names that there are none of.

    Anybody may ask for any id, so only few absent ones are remembered.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._absent: dict[str, float] = {}
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
            self._absent.pop(name, None)
            known = self._seen.get(name)
            if known is None or _order(known) <= _order(seen):
                self._seen[name] = seen

    def extend(self, name: str, seen: Seen) -> None:
        """Use it for FRESH_SECONDS more: neither Redis nor the store answers."""
        self.remember(name, replace(seen, asked_at=self._clock()))

    def is_absent(self, name: str) -> bool:
        """Tell whether there was none within the last FRESH_SECONDS."""
        asked_at = self._absent.get(name)
        return asked_at is not None and self._clock() < asked_at + FRESH_SECONDS

    def miss(self, name: str, asked_at: float) -> None:
        """Remember that there was none at this time."""
        with self._lock:
            if len(self._absent) >= MOST_ABSENT:
                self._absent.clear()
            self._absent[name] = asked_at

    def forget(self, name: str) -> None:
        """Forget a document that does not exist."""
        with self._lock:
            self._seen.pop(name, None)


def _order(seen: Seen) -> tuple[float, int]:
    return seen.asked_at, seen.version
