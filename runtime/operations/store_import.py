"""Import of an export: everything at once, compared with the store itself.

What Redis knows and the store does not is told, and is not written over unseen: after
the loss of a bucket it may be all that is left of the last changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from runtime.documents.copied_documents import CopiedDocument
from runtime.documents.documents import SECRET_FIELDS, Document, VersionExists
from runtime.documents.secret_fields import Sealed, SecretFields, sealed_names
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID
from runtime.operations.generated_fields import carried_over
from runtime.operations.refusals import OperationRefused, UnreadableDocument
from runtime.operations.transfer import FORMAT, fields_of
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
    gateway_document,
    known_user_document,
    later_fields,
)

CHECKS = {
    "apps": app_document,
    "clients": client_document,
    "people": known_user_document,
    "authorizers": authorizer_document,
    "alerts": alert_document,
    "gateway": gateway_document,
}

_NAME = r"[a-z]{1,16}/[A-Za-z0-9_-]{1,64}"
_TEXT = text(_NAME, "a document's name")
_PLACE = text(rf"{_NAME}#[a-z_]{{1,28}}", "a document's name and a field")


def import_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write each document that differs from the export as a new version.

    If a document has another version and other content in the store, or if Redis has a
    later version than both, it was changed since the export: then nothing is written,
    unless `over` is given. With `missing` what the store has any version of is left as
    it is. With `readable` a secret that no master key opens is taken as it is; the
    store keeps its own where it has one.
    """
    rules = {"format": word(FORMAT), "sealed": flag, "documents": _documents}
    more = {"unreadable": many(_TEXT), "not_opened": many(_PLACE)}
    options = {"over": flag, "readable": flag, "missing": flag}
    known = checked_fields(arguments, {**rules, **more, **options}, needed=rules)
    entries = known["documents"]
    left: list[dict[str, Any]] = []
    if known.get("missing"):
        given, entries = entries, []
        for each in given:
            (left if _version(gateway, each) else entries).append(each)
    opener = None
    if known["sealed"]:
        opener = _Opener(fields_of(gateway), in_part=known.get("readable", False))
    copies = _copies(gateway)
    steps = [
        _step(gateway, entry, opener, copies.get(f"{entry['kind']}/{entry['id']}"))
        for entry in entries
    ]
    if not known.get("over"):
        _refuse_conflicts(steps)
    same = [step.name for step in steps if step.same]
    left_out = [f"{each['kind']}/{each['id']}" for each in left]
    known_names = {*left_out, *(step.name for step in steps)}
    only = list(_only_in_redis(gateway, copies, known_names))
    written = _written(gateway, steps)
    return {
        "written": written,
        "unchanged": same,
        **({"not_missing": left_out} if left_out else {}),
        **({"only_in_redis": only} if only else {}),
    }


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    id: str
    content: Mapping[str, Any] | None = field(repr=False)
    """None for a removal."""
    after: int
    beyond: int
    exported: int
    same: bool
    changed: bool
    """Whether the store has another version and other content than the export."""
    newer_copy: int = 0
    """The version that Redis has, where it is later than the store's and the export's.
    """

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class _Opener:
    """The opener of an export's secrets; with `in_part` of those that it can open."""

    fields: SecretFields
    in_part: bool

    def open(self, name: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        for field_ in SECRET_FIELDS[name.partition("/")[0]]:
            if not isinstance(content.get(field_, ""), str):
                raise InvalidDocument(field_, "must be text")
        stored = json.dumps(content).encode()
        with editing.readable(name):
            if self.in_part:
                return self.fields.open_in_part(name, stored) or {}
            return self.fields.open(name, stored) or {}


def _copies(gateway: Gateway) -> dict[str, CopiedDocument]:
    """Return what Redis has copies of; nothing without Redis."""
    if (copied := gateway.documents.copied) is None:
        return {}
    with suppress(ServiceUnavailable):
        return copied.get(copied.names())
    return {}


def _step(
    gateway: Gateway,
    entry: Mapping[str, Any],
    opener: _Opener | None,
    copy: CopiedDocument | None,
) -> _Step:
    kind, id_, name = entry["kind"], entry["id"], f"{entry['kind']}/{entry['id']}"
    newest = _version(gateway, entry)
    found = _found(gateway, kind, id_)
    lost = copy if copy and copy.version > newest else None
    content: dict[str, Any] | None = None
    if entry["content"] is not None:
        given = entry["content"]
        given = opener.open(name, given) if opener else given
        content = _checked(kind, id_, given, found)
    if content is not None and kind == "clients":
        if found is not None:
            content |= _preserved(found.content, content)
        elif newest:
            content |= carried_over(gateway, id_)
        if lost and lost.content is not None:
            content |= _preserved(lost.content, content)
    same = (found.content if found else None) == content and bool(newest)
    beyond = max(lost.version if lost else 0, 0 if newest else entry["version"])
    is_copied = lost is not None and lost.content == content
    is_newer = lost is not None and lost.version > entry["version"] and not is_copied
    return _Step(
        kind,
        id_,
        content,
        after=newest,
        beyond=beyond,
        exported=entry["version"],
        same=same,
        changed=found is not None and not same and newest != entry["version"],
        newer_copy=lost.version if lost and is_newer else 0,
    )


def _version(gateway: Gateway, entry: Mapping[str, Any]) -> int:
    return gateway.documents.version(entry["kind"], entry["id"])


def _found(gateway: Gateway, kind: str, id_: str) -> Document | None:
    """Return what the store itself has, as far as it can be read."""
    try:
        return editing.read_in_part(gateway, kind, id_)
    except UnreadableDocument:  # damaged, and to be replaced
        return None


def _checked(
    kind: str, id_: str, content: Mapping[str, Any], found: Document | None
) -> dict[str, Any]:
    """Return the content to be written; InvalidDocument names the field at fault."""
    old: Mapping[str, Any] = found.content if found else {}
    kept = dict(old)
    known = dict(content)
    for name in sealed_names(content):
        # What no key opens is not checked, and replaces nothing that one opens.
        if name in old and name not in sealed_names(old):
            known[name] = old[name]
        else:
            kept[name] = content[name]
    later = _later(kind, known)
    return CHECKS[kind](id_, known, kept=kept or None, later=later)


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
    keeps = salt and not isinstance(salt, Sealed)
    return {"epoch": epoch, **({"pairwise_salt": salt} if keeps else {})}


def _refuse_conflicts(steps: list[_Step]) -> None:
    changed = [step.name for step in steps if step.changed]
    if changed:
        names = ", ".join(changed)
        raise OperationRefused(
            f"Changed since the export: {names}. Nothing is written; "
            "--over writes over what was changed."
        )
    newer = [
        f"{step.name} (version {step.newer_copy}, and {step.exported} in the export)"
        for step in steps
        if step.newer_copy
    ]
    if newer:
        raise OperationRefused(
            f"Redis has later versions, which the store has lost: {', '.join(newer)}. "
            "Nothing is written. store export --copies FILE writes them to a file that "
            "store import takes; --over writes over them."
        )


def _only_in_redis(
    gateway: Gateway, copies: Mapping[str, CopiedDocument], imported: set[str]
) -> Iterator[str]:
    """Yield the names of what neither the export nor the store has."""
    listed: dict[str, list[str]] = {}
    for name, copy in copies.items():
        kind, _, id_ = name.partition("/")
        if name in imported or copy.removed:
            continue
        if kind not in listed:
            listed[kind] = gateway.documents.ids(kind)
        if id_ not in listed[kind] and not gateway.documents.version(kind, id_):
            yield name


def _written(gateway: Gateway, steps: list[_Step]) -> list[str]:
    written: list[str] = []
    for step in steps:
        if step.same:
            continue
        try:
            _write(gateway, step)
        except VersionExists:
            done = ", ".join(written) or "nothing"
            raise OperationRefused(
                f"Somebody else has just changed {step.name}. Written before: {done}."
            ) from None
        written.append(step.name)
    return written


def _write(gateway: Gateway, step: _Step) -> None:
    after, beyond = step.after, step.beyond
    if step.content is None:
        gateway.documents.mark_removed(step.kind, step.id, after=after, beyond=beyond)
        return
    gateway.documents.write(
        step.kind, step.id, step.content, after=after, beyond=beyond
    )


def _documents(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Fault("must be a list")
    rules = {
        "kind": word(*CHECKS),
        "id": ID,
        "version": whole(1, 10**9),
        "content": lambda content: None if content is None else _content(content),
    }
    return [checked_fields(_content(each), rules, needed=rules) for each in value]


def _content(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault("must hold objects")
    return value
