"""The store of documents as a whole, and the versions of one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from runtime.documents.documents import SECRET_FIELDS
from runtime.gateway import Gateway
from runtime.operations import editing as keeping
from runtime.operations.editing import ID
from runtime.operations.generated_fields import lasting
from runtime.operations.refusals import UnknownDocument, UnreadableDocument
from runtime.registry.rules import whole, word
from runtime.registry.schema import checked_fields

_NAME = {"kind": word(*SECRET_FIELDS), "id": ID}


def check(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Read every version of every document; return what cannot be read, and why."""
    checked_fields(arguments, {})
    findings = gateway.documents.check()
    faults = [asdict(each) for each in findings if each.fault]
    documents = {(each.kind, each.id) for each in findings}
    return {"documents": len(documents), "versions": len(findings), "faults": faults}


def rotate(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new version, under the newest master key, of what an older one sealed.

    What cannot be read is named and left as it is.
    """
    checked_fields(arguments, {})
    done: dict[str, list[str]] = {"resealed": [], "current": [], "unreadable": []}
    for kind in SECRET_FIELDS:
        for id_ in gateway.documents.ids(kind):
            done[_resealed(gateway, kind, id_)].append(f"{kind}/{id_}")
    return {"master_key": max(gateway.settings.master_keys), **done}


def _resealed(gateway: Gateway, kind: str, id_: str) -> str:
    try:
        with keeping.readable(f"{kind}/{id_}"):
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
    """Write what an older version held as the newest; a removal is undone this way.

    A client comes back under a new epoch: its tokens of then stay dead. The salt of its
    pairwise names stays as it is.
    """
    rules = {**_NAME, "to": whole(1, 10**9)}
    known = checked_fields(arguments, rules, needed=rules)
    kind, id_, to = known["kind"], known["id"], known["to"]
    documents = gateway.documents
    after = documents.version(kind, id_)
    with keeping.readable(f"{kind}/{id_} in version {to}"):
        old = documents.read_version(kind, id_, to)
    if old is None:
        raise UnknownDocument(f"{kind}/{id_} has no content in version {to}.")
    content = dict(old.content)
    if kind == "clients":
        content |= lasting(gateway, id_)
    version = documents.write(kind, id_, content, after=after)
    return {"name": f"{kind}/{id_}", "to": to, "version": version}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
