"""Documents as Redis has them, for an operator whose bucket is lost or away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.secret_fields import LASTING, SecretFields
from runtime.documents.store import REMOVED
from runtime.errors import ServiceUnavailable


@dataclass(frozen=True, slots=True)
class CopiedDocument:
    """A version that Redis has a copy of.

    `content` is read in part, see `Documents.read_in_part`; None of a removal, and of
    what is damaged. `stored` is the same with its secrets sealed.
    """

    version: int
    content: Mapping[str, Any] | None = field(repr=False)
    stored: Mapping[str, Any] | None = field(repr=False)
    removed: bool


class CopiedDocuments:
    """The copies in Redis, by `{kind}/{id}`; ServiceUnavailable without Redis."""

    def __init__(self, copies: DocumentCopies, fields: SecretFields) -> None:
        self._copies = copies
        self._fields = fields

    def names(self) -> list[str]:
        """Return the names of all lasting documents that Redis may have, sorted.

        A user of Redis that may not search it gets those that were listed last.
        """
        found = set()
        for kind in LASTING:
            listed = self._copies.listed(kind).versions or {}
            found |= {f"{kind}/{id_}" for id_ in listed}
        with suppress(ServiceUnavailable):
            found |= {each for each in self._copies.names() if _is_lasting(each)}
        return sorted(found)

    def get(self, names: Iterable[str]) -> dict[str, CopiedDocument]:
        """Return the copies of these documents that there are."""
        found = self._copies.get_all(list(names))
        return {
            name: self._document(name, copy.version, copy.content)
            for name, copy in found.items()
        }

    def _document(self, name: str, version: int, stored: bytes) -> CopiedDocument:
        content = stored_content = None
        with suppress(ValueError, TypeError, AttributeError):
            content = self._fields.open_in_part(name, stored)
            stored_content = json.loads(stored) if content is not None else None
        removed = stored == REMOVED
        return CopiedDocument(version, content, stored_content, removed)


def _is_lasting(name: str) -> bool:
    return name.partition("/")[0] in LASTING
