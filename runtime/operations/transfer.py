"""Export of all documents, for a backup or another deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.crypto.envelope import Envelope
from runtime.documents.secret_fields import (
    LASTING,
    SecretFields,
    sealed_names,
    without_sealed,
)
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.refusals import OperationRefused
from runtime.registry.rules import flag
from runtime.registry.schema import checked_fields

FORMAT = "wechat-gateway-documents-1"


def export(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all lasting documents, with secrets sealed by the newest master key.

    With `readable` also those of which no master key opens a secret. With `copies`
    those that Redis has copies of, for which the store is not asked; of a removal the
    content is None.
    """
    known = checked_fields(arguments, {"readable": flag, "copies": flag})
    if known.get("copies"):
        return _exported_copies(gateway)
    return exported(gateway, sealed=True, readable=known.get("readable", False))


def exported(
    gateway: Gateway, *, sealed: bool, readable: bool = False
) -> dict[str, Any]:
    """Return all documents; with `sealed` False, with secrets in plain text.

    `unreadable` names those that are not in it, since they cannot be read. With
    `readable` it has what can be read of a document, and `not_opened` names the secrets
    that no master key opens: sealed as they are, or left out of a plain export.
    """
    fields = fields_of(gateway)
    documents, unreadable, not_opened = [], [], []
    for kind in LASTING:
        look = editing.each_in_part if readable else editing.each
        found, others = look(gateway, kind)
        unreadable += others
        for id_, document in found.items():
            name, content = f"{kind}/{id_}", document.content
            not_opened += [f"{name}#{each}" for each in sealed_names(content)]
            if sealed:
                content = json.loads(fields.seal(name, content))
            else:
                content = without_sealed(content)
            documents.append(_entry(name, document.version, content))
    return _export(documents, sealed, unreadable=unreadable, not_opened=not_opened)


def _exported_copies(gateway: Gateway) -> dict[str, Any]:
    copied = gateway.documents.copied
    if copied is None:
        raise OperationRefused("Redis has no copies: the documents are in a folder.")
    documents, unreadable, not_opened = [], [], []
    for name, copy in sorted(copied.get(copied.names()).items()):
        if copy.removed:
            documents.append(_entry(name, copy.version, None))
            continue
        if copy.content is None or copy.stored is None:
            unreadable.append(name)
            continue
        not_opened += [f"{name}#{each}" for each in sealed_names(copy.content)]
        documents.append(_entry(name, copy.version, copy.stored))
    return _export(documents, True, unreadable=unreadable, not_opened=not_opened)


def _entry(
    name: str, version: int, content: Mapping[str, Any] | None
) -> dict[str, Any]:
    kind, _, id_ = name.partition("/")
    return {"kind": kind, "id": id_, "version": version, "content": content}


def _export(
    documents: list[dict[str, Any]], sealed: bool, **names: list[str]
) -> dict[str, Any]:
    answer = {"format": FORMAT, "sealed": sealed, "documents": documents}
    return answer | {name: found for name, found in names.items() if found}


def fields_of(gateway: Gateway) -> SecretFields:
    """Return the secret fields under this deployment's master keys."""
    return SecretFields(Envelope(gateway.settings.master_keys))
