"""Commands on the versions of one document: show, diff, history, rollback.

No answer holds a secret: what is sealed shows as a fingerprint, which tells whether it
has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

from runtime.documents.documents import Stored
from runtime.documents.secret_fields import LASTING
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID
from runtime.operations.generated_fields import carried_over
from runtime.operations.refusals import UnknownDocument, unknown
from runtime.operations.shown_changes import shown_content
from runtime.registry.rules import whole, word
from runtime.registry.schema import checked_fields

MOST = 50
"""Versions that a history lists where no other number is given."""

_READERS = 8

_NAME = {"kind": word(*LASTING), "id": ID}
_VERSION = whole(1, 10**9)


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of one version, the newest unless one is named."""
    rules = {**_NAME, "version": _VERSION}
    known = checked_fields(arguments, rules, needed=_NAME)
    stored = _stored(gateway, known, known.get("version"))
    (row,) = _rows(gateway, known, [stored])
    content = _content(gateway, known, stored)
    return {
        "name": _name(known),
        **row,
        "fields": [{"field": name, "value": each} for name, each in content.items()],
    }


def diff(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs between two versions, field by field.

    By default the newest version and the one before it; None stands for a field that is
    not there.
    """
    rules = {**_NAME, "from": _VERSION, "to": _VERSION}
    known = checked_fields(arguments, rules, needed=_NAME)
    new = _stored(gateway, known, known.get("to"))
    first = known.get("from", new.version - 1)
    # Before the first one there is nothing.
    old = _stored(gateway, known, first) if first else None
    before = _parts(_content(gateway, known, old)) if old else {}
    after = _parts(_content(gateway, known, new))
    places = dict.fromkeys([*before, *after])
    (row,) = _rows(gateway, known, [new])
    return {
        "name": _name(known),
        "from": old.version if old else 0,
        "to": new.version,
        **{name: row[name] for name in ("written_at", "who", "what", "reason")},
        "changes": [
            {"field": each, "before": before.get(each), "after": after.get(each)}
            for each in places
            if before.get(each) != after.get(each)
        ],
    }


def history(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the newest versions of a document, oldest first, with their authors.

    `older` is the number of those before them. What no operator has written, and what
    a gateway of before has, has no author.
    """
    rules = {**_NAME, "most": whole(1, 500)}
    known = checked_fields(arguments, rules, needed=_NAME)
    stored = _history(gateway, known)
    shown = stored[-known.get("most", MOST) :]
    older = len(stored) - len(shown)
    return {
        "name": _name(known),
        "versions": _rows(gateway, known, shown),
        **({"older": older} if older else {}),
    }


def rollback(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the content of an older version as the newest; this undoes a removal, too.

    A client gets a new epoch, so that its old tokens stay invalid, and keeps the salt
    of its pairwise identifiers.
    """
    rules = {**_NAME, "to": _VERSION}
    known = checked_fields(arguments, rules, needed=rules)
    kind, id_, to = known["kind"], known["id"], known["to"]
    documents = gateway.documents
    after = documents.version(kind, id_)
    with editing.readable(f"{kind}/{id_} in version {to}"):
        old = documents.read_version(kind, id_, to)
    if old is None:
        raise UnknownDocument(f"{kind}/{id_} has no content in version {to}.")
    content = dict(old.content)
    if kind == "clients":
        content |= carried_over(gateway, id_)
    version = documents.write(kind, id_, content, after=after)
    return {"name": f"{kind}/{id_}", "to": to, "version": version}


def _name(known: Mapping[str, Any]) -> str:
    return f"{known['kind']}/{known['id']}"


def _history(gateway: Gateway, known: Mapping[str, Any]) -> list[Stored]:
    stored = gateway.documents.history(known["kind"], known["id"])
    if not stored:
        raise unknown(known["kind"], known["id"])
    return stored


def _stored(gateway: Gateway, known: Mapping[str, Any], version: int | None) -> Stored:
    """Return a version in the listing, the newest for None."""
    stored = _history(gateway, known)
    if version is None:
        return stored[-1]
    found = next((each for each in stored if each.version == version), None)
    if found is None:
        raise UnknownDocument(
            f"{_name(known)} has no version {version}: document history {_name(known)} "
            "lists them."
        )
    return found


def _content(
    gateway: Gateway, known: Mapping[str, Any], stored: Stored
) -> dict[str, Any]:
    """Return the fields of a version without secrets, none of a removal."""
    kind, id_ = known["kind"], known["id"]
    with editing.readable(f"{kind}/{id_} in version {stored.version}"):
        found = gateway.documents.version_in_part(kind, id_, stored.version)
        return shown_content(gateway, kind, id_, found.content) if found else {}


def _rows(
    gateway: Gateway, known: Mapping[str, Any], versions: Iterable[Stored]
) -> list[dict[str, Any]]:
    def row(stored: Stored) -> dict[str, Any]:
        author = gateway.documents.author(known["kind"], known["id"], stored.version)
        return {
            "version": stored.version,
            "written_at": _iso(stored.written_at),
            "who": author.get("who"),
            "what": author.get("what"),
            "reason": author.get("reason") or None,
            "bytes": stored.size,
            "removed": stored.removed,
        }

    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(row, versions))


def _parts(content: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Return the fields by their places, such as `routes.k3x9.url`."""
    parts: dict[str, Any] = {}
    for name, value in content.items():
        place = f"{within}{name}"
        if isinstance(value, list) and value and all(map(_has_id, value)):
            value = {each["id"]: each for each in value}
        if isinstance(value, Mapping) and value:
            parts |= _parts(value, f"{place}.")
        else:
            parts[place] = value
    return parts


def _has_id(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("id"), str)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
