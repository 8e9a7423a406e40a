"""What one process remembers of documents: for two seconds, and longer in need."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

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
