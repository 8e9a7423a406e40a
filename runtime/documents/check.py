"""Check of a store: every version of every lasting document is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from runtime.crypto.envelope import CannotOpen, NoSuchKey
from runtime.documents.secret_fields import LASTING, SecretFields
from runtime.documents.store import DocumentStore, StoreAway, Stored

READERS = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One version of a document; `fault` is empty if it can be read.

    Only a rollback needs a version that is not the `newest`. `lacks_key` tells that the
    number of its master key is not configured. `content` is empty where there is none.
    """

    kind: str
    id: str
    version: int
    newest: bool
    removed: bool
    fault: str
    lacks_key: bool = field(default=False, kw_only=True)
    content: Mapping[str, Any] = field(
        default_factory=dict, repr=False, compare=False, kw_only=True
    )


def check_store(store: DocumentStore, fields: SecretFields) -> list[Finding]:
    """Return a finding for every version of every document, removals included.

    OSError if the store cannot be listed; a version that cannot be read is a finding.
    """

    def look(found: tuple[str, str, Stored, bool]) -> Finding:
        kind, id_, stored, newest = found
        place = (kind, id_, stored.version, newest, stored.removed)
        try:
            content, fault = _read(store, fields, f"{kind}/{id_}", stored.version)
        except NoSuchKey as error:
            return Finding(*place, f"no master key opens {error}", lacks_key=True)
        return Finding(*place, fault, content=content)

    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(look, _everything(store)))


def _everything(store: DocumentStore) -> Iterator[tuple[str, str, Stored, bool]]:
    for kind in LASTING:
        for id_, chain in sorted(store.chains(kind).items()):
            for stored in chain:
                yield kind, id_, stored, stored is chain[-1]


def _read(
    store: DocumentStore, fields: SecretFields, name: str, version: int
) -> tuple[Mapping[str, Any], str]:
    """Return the content and an empty text, or what is at fault; NoSuchKey."""
    try:
        return fields.open(name, store.read(name, version)) or {}, ""
    except NoSuchKey:
        raise
    except CannotOpen as error:
        return {}, f"no master key opens {error}"
    except OSError as error:
        reason = error if isinstance(error, StoreAway) else type(error).__name__
        return {}, f"the store does not give it: {reason}"
    except (ValueError, TypeError, AttributeError):
        return {}, "it is no object in JSON"
