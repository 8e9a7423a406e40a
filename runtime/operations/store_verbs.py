"""Commands on the store as a whole, and on the versions of one document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from runtime.documents.check import Finding
from runtime.documents.secret_fields import LASTING
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID
from runtime.operations.generated_fields import carried_over
from runtime.operations.refusals import UnknownDocument, UnreadableDocument
from runtime.registry.fields import SCHEMA
from runtime.registry.rules import whole, word
from runtime.registry.schema import checked_fields, later_fields, schema_of

_NAME = {"kind": word(*LASTING), "id": ID}


def check(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Read every version of every document; return those that cannot be read.

    `later` names the documents whose newest version a later version of the gateway has
    written: they are used, and what is not known of them is kept.
    """
    checked_fields(arguments, {})
    findings = gateway.documents.check()
    documents = {(each.kind, each.id) for each in findings}
    return {
        "documents": len(documents),
        "versions": len(findings),
        "later": [f"{each.kind}/{each.id}" for each in findings if _is_later(each)],
        "faults": [_fault(each) for each in findings if each.fault],
    }


def _is_later(found: Finding) -> bool:
    content = found.content
    return found.newest and (
        schema_of(content) > SCHEMA or bool(later_fields(found.kind, content))
    )


def _fault(found: Finding) -> dict[str, Any]:
    names = ("kind", "id", "version", "newest", "removed", "fault")
    return {name: getattr(found, name) for name in names}


def rotate(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Seal each document that has an older master key with the newest one.

    A document that cannot be read is named and not changed.
    """
    checked_fields(arguments, {})
    done: dict[str, list[str]] = {"resealed": [], "current": [], "unreadable": []}
    for kind in LASTING:
        for id_ in gateway.documents.ids(kind):
            done[_resealed(gateway, kind, id_)].append(f"{kind}/{id_}")
    return {"master_key": max(gateway.settings.master_keys), **done}


def _resealed(gateway: Gateway, kind: str, id_: str) -> str:
    try:
        with editing.readable(f"{kind}/{id_}"):
            version = gateway.documents.reseal(kind, id_)
    except UnreadableDocument:
        return "unreadable"
    return "current" if version is None else "resealed"


def history(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the versions of a document, oldest first."""
    known = checked_fields(arguments, _NAME, needed=_NAME)
    stored = gateway.documents.history(known["kind"], known["id"])
    if not stored:
        raise UnknownDocument(f"There is no {known['kind']}/{known['id']}.")
    versions = [
        {
            "version": each.version,
            "written_at": _iso(each.written_at),
            "bytes": each.size,
            "removed": each.removed,
        }
        for each in stored
    ]
    return {"name": f"{known['kind']}/{known['id']}", "versions": versions}


def rollback(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the content of an older version as the newest; this undoes a removal, too.

    A client gets a new epoch, so that its old tokens stay invalid, and keeps the salt
    of its pairwise identifiers.
    """
    rules = {**_NAME, "to": whole(1, 10**9)}
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


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
