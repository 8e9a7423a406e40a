"""Authors of versions: who wrote one and why, in an object beside the documents.

    authors/{kind}/{id}/{version}-{digest}.json

It is written after the version. The digest is of the version's bytes: where a store is
set back to an earlier state, no author stands for another version of the same number.
What no operator has written has none.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from runtime.documents.store import ObjectStore, VersionExists

FOLDER = "authors"

log = logging.getLogger("gateway.documents")


class Authors:
    """Authors of the versions of documents, as far as they are known."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def note(
        self, name: str, version: int, stored: bytes, author: Mapping[str, Any]
    ) -> None:
        """Write who wrote a version; it is there already, so a failure is only logged.

        The audit log says it, too.
        """
        place = _place(name, version, stored)
        try:
            self._store.create_object(place, json.dumps(author).encode())
        except VersionExists:  # a store that was set back has the same removal again
            return
        except OSError as error:
            log.warning("%s: author of version %d not stored, %s", name, version, error)

    def of(self, name: str, version: int, stored: bytes) -> Mapping[str, Any]:
        """Return who wrote a version, nothing if that is not known; OSError."""
        try:
            content = self._store.read_object(_place(name, version, stored))
            found = json.loads(content)
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _place(name: str, version: int, stored: bytes) -> str:
    digest = hashlib.sha256(stored).hexdigest()[:16]
    return f"{FOLDER}/{name}/{version}-{digest}"
