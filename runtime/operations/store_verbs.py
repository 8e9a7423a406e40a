"""Commands on the store as a whole: check it, seal it with another master key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.documents.check import Finding
from runtime.documents.secret_fields import LASTING
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.refusals import UnreadableDocument
from runtime.registry.fields import SCHEMA
from runtime.registry.schema import checked_fields, later_fields, schema_of


def check(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Read every version of every document; return those that cannot be read.

    `later` names the documents whose newest version a later version of the gateway has
    written: they are used, and what is not known of them is kept. `without_key` names
    the older versions whose master key is not configured: only a rollback needs them.
    A bucket in which a version can be replaced is a fault, too: that is tried.
    """
    checked_fields(arguments, {})
    findings = gateway.documents.check()
    documents = {(each.kind, each.id) for each in findings}
    fault = gateway.documents.create_only_fault()
    faults = [_fault(_not_create_only(fault))] if fault else []
    old = [each for each in findings if each.lacks_key and not each.newest]
    without_key = [f"{each.kind}/{each.id}/{each.version}" for each in old]
    return {
        "documents": len(documents),
        "versions": len(findings),
        "later": [f"{each.kind}/{each.id}" for each in findings if _is_later(each)],
        **({"without_key": without_key} if without_key else {}),
        "faults": faults
        + [_fault(each) for each in findings if each.fault and each not in old],
    }


def _is_later(found: Finding) -> bool:
    content = found.content
    return found.newest and (
        schema_of(content) > SCHEMA or bool(later_fields(found.kind, content))
    )


def _not_create_only(fault: str) -> Finding:
    return Finding("bucket", "create_only", 0, True, False, fault)


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
