"""Export and import of all documents, for a backup or another deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import SECRET_FIELDS, VersionExists
from runtime.documents.secret_fields import LASTING, SecretFields
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID
from runtime.operations.generated_fields import carried_over
from runtime.operations.refusals import OperationRefused
from runtime.registry.fields import SCHEMA
from runtime.registry.rules import Fault, flag, many, text, whole, word
from runtime.registry.schema import (
    SCHEMA_FIELD,
    InvalidDocument,
    alert_document,
    app_document,
    authorizer_document,
    checked_fields,
    client_document,
    known_user_document,
    later_fields,
)

FORMAT = "wechat-gateway-documents-1"

CHECKS = {
    "apps": app_document,
    "clients": client_document,
    "people": known_user_document,
    "authorizers": authorizer_document,
    "alerts": alert_document,
}

_TEXT = text(r"[a-z]{1,16}/[A-Za-z0-9_-]{1,64}", "a document's name")


def export(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all lasting documents, with secrets sealed by the newest master key."""
    checked_fields(arguments, {})
    return exported(gateway, sealed=True)


def exported(gateway: Gateway, *, sealed: bool) -> dict[str, Any]:
    """Return all documents; with `sealed` False, with secrets in plain text.

    `unreadable` names those that are not in it, since they cannot be read.
    """
    fields = _fields(gateway)
    documents, unreadable = [], []
    for kind in LASTING:
        readable, others = editing.each(gateway, kind)
        unreadable += others
        for id_, found in readable.items():
            content = found.content
            if sealed:
                content = json.loads(fields.seal(f"{kind}/{id_}", content))
            entry = {"kind": kind, "id": id_, "version": found.version}
            documents.append({**entry, "content": content})
    answer = {"format": FORMAT, "sealed": sealed, "documents": documents}
    return {**answer, **({"unreadable": unreadable} if unreadable else {})}


def import_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write each document that differs from the export as a new version.

    If a document has another version and other content here, it was changed since the
    export: then nothing is written.
    """
    rules = {"format": word(FORMAT), "sealed": flag, "documents": _documents}
    known = checked_fields(
        arguments, {**rules, "unreadable": many(_TEXT)}, needed=rules
    )
    fields = _fields(gateway) if known["sealed"] else None
    steps = [_step(gateway, entry, fields) for entry in known["documents"]]
    conflicts = [step.name for step in steps if step.conflict]
    if conflicts:
        names = ", ".join(conflicts)
        raise OperationRefused(
            f"Changed since the export: {names}. Nothing is written."
        )
    same = [step.name for step in steps if step.same]
    return {"written": _written(gateway, steps), "unchanged": same}


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    id: str
    content: Mapping[str, Any] = field(repr=False)
    after: int
    same: bool
    conflict: bool

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.id}"


def _step(
    gateway: Gateway, entry: Mapping[str, Any], fields: SecretFields | None
) -> _Step:
    kind, id_ = entry["kind"], entry["id"]
    content = entry["content"]
    if fields:
        content = _opened(fields, f"{kind}/{id_}", content)
    found = editing.read(gateway, kind, id_)
    kept, later = (found.content if found else None), _later(kind, content)
    content = CHECKS[kind](id_, content, kept=kept, later=later)
    newest = gateway.documents.version(kind, id_)
    if found is None and newest and kind == "clients":
        content |= carried_over(gateway, id_)
    elif found is not None and kind == "clients":
        content |= _preserved(found.content, content)
    same = found is not None and found.content == content
    conflict = found is not None and not same and newest != entry["version"]
    return _Step(kind, id_, content, newest, same, conflict)


def _later(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema that a document names, and fields that are later than ours.

    A field that is not known is a typing error in a file written by hand, unless the
    document names a later schema.
    """
    schema = content.get(SCHEMA_FIELD, 1)
    if type(schema) is not int or schema < 1:
        raise InvalidDocument(SCHEMA_FIELD, "must be a whole number")
    later = later_fields(kind, content) if schema > SCHEMA else {}
    if schema > SCHEMA and "routes" in content:  # a route may have later fields, too
        later["routes"] = content["routes"]
    return {**later, SCHEMA_FIELD: schema}


def _preserved(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    # Whatever the file says: revoked tokens stay so, and users keep their identifiers.
    epoch = max(known.get("epoch", 1), given.get("epoch", 1))
    salt = known.get("pairwise_salt")
    return {"epoch": epoch, **({"pairwise_salt": salt} if salt else {})}


def _opened(
    fields: SecretFields, name: str, content: Mapping[str, Any]
) -> Mapping[str, Any]:
    for field_ in SECRET_FIELDS[name.partition("/")[0]]:
        if not isinstance(content.get(field_, ""), str):
            raise InvalidDocument(field_, "must be text")
    with editing.readable(name):
        return fields.open(name, json.dumps(content).encode()) or {}


def _written(gateway: Gateway, steps: list[_Step]) -> list[str]:
    written: list[str] = []
    for step in steps:
        if step.same:
            continue
        try:
            gateway.documents.write(step.kind, step.id, step.content, after=step.after)
        except VersionExists:
            done = ", ".join(written) or "nothing"
            raise OperationRefused(
                f"Somebody else has just changed {step.name}. Written before: {done}."
            ) from None
        written.append(step.name)
    return written


def _documents(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Fault("must be a list")
    rules = {
        "kind": word(*CHECKS),
        "id": ID,
        "version": whole(1, 10**9),
        "content": _content,
    }
    return [checked_fields(_content(each), rules, needed=rules) for each in value]


def _content(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault("must hold objects")
    return value


def _fields(gateway: Gateway) -> SecretFields:
    return SecretFields(Envelope(gateway.settings.master_keys))
