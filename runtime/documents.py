"""The config service: documents as chains of immutable versions.

`{kind}/{id}/{version}.json`; writing the next version, create-only, is the
compare-and-swap. Secret fields are sealed before they reach the store.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.envelope import Envelope

FRESH_SECONDS = 2.0
"""A change is seen by every process within this time."""

SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    "apps": ("secret", "token", "encoding_aes_key"),
    "clients": (),
}

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, its secrets opened."""

    version: int
    content: Mapping[str, Any] = field(repr=False)


class DocumentStore(Protocol):
    """Where versions lie: a folder or a bucket."""

    def ids(self, kind: str) -> list[str]: ...
    def versions(self, name: str) -> list[int]: ...
    def read(self, name: str, version: int) -> bytes: ...
    def create(self, name: str, version: int, content: bytes) -> None: ...


class Documents:
    """Reads, with a short memory, and writes documents."""

    def __init__(
        self,
        store: DocumentStore,
        envelope: Envelope,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._clock = clock
        self._seen: dict[str, tuple[float, Document]] = {}
        self._lock = threading.Lock()

    def read(self, kind: str, id_: str) -> Document | None:
        """Return the newest version, at most two seconds old; None if absent."""
        if not _ID.fullmatch(id_):
            return None
        name = f"{kind}/{id_}"
        with self._lock:
            until, document = self._seen.get(name, (0.0, None))
            if document is None or until <= self._clock():
                until = self._clock() + FRESH_SECONDS
                document = self._newest(kind, id_)
            # What is absent is not remembered: strangers may ask for any id.
            if document is not None:
                self._seen[name] = until, document
        return document

    def write(
        self, kind: str, id_: str, content: Mapping[str, Any], *, after: int
    ) -> int:
        """Write the version that follows `after` (0: the first) and return it.

        VersionExists if somebody else has written it first.
        """
        if not _ID.fullmatch(id_):
            raise ValueError("an id has 1 to 64 letters, digits, '_' or '-'")
        name = f"{kind}/{id_}"
        sealed = self._each_secret(kind, name, content, self._envelope.seal)
        text = json.dumps(sealed, ensure_ascii=False, indent=1)
        try:
            self._store.create(name, after + 1, text.encode())
        finally:
            # Who lost the race wants to see the winner's version at once.
            with self._lock:
                self._seen.pop(name, None)
        return after + 1

    def ids(self, kind: str) -> list[str]:
        """Return the ids of all documents of a kind."""
        return self._store.ids(kind)

    def _newest(self, kind: str, id_: str) -> Document | None:
        name = f"{kind}/{id_}"
        versions = self._store.versions(name)
        if not versions:
            return None
        sealed = json.loads(self._store.read(name, versions[-1]))
        content = self._each_secret(kind, name, sealed, self._envelope.open)
        return Document(versions[-1], content)

    def _each_secret(
        self,
        kind: str,
        name: str,
        content: Mapping[str, Any],
        change: Callable[..., str],
    ) -> dict[str, Any]:
        changed = dict(content)
        for key in SECRET_FIELDS[kind]:
            if changed.get(key):
                changed[key] = change(changed[key], place=f"{name}#{key}")
        return changed
