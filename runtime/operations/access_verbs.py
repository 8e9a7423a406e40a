"""Commands on a client's access: rotate, disable, enable, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.client_verbs import shown_client
from runtime.operations.editing import ID
from runtime.operations.refusals import OperationRefused
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.fields import MOST_SECRETS
from runtime.registry.rules import Rule, flag
from runtime.registry.schema import checked_fields, client_document


def rotate(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make a second secret and return it; it is never shown again.

    With `finish`, remove the older secret; tokens issued to it stay valid for two hours
    at most.
    """
    client_id, found = _found(gateway, arguments, finish=flag)
    hashes = found.content["secret_hashes"]
    if found.content.get("public"):
        raise OperationRefused("A public client has no secret.")
    if arguments.get("finish"):
        if len(hashes) < MOST_SECRETS:
            raise OperationRefused("There is one secret only; rotate first.")
        return _changed(gateway, client_id, found, secret_hashes=hashes[-1:])
    if len(hashes) == MOST_SECRETS:
        raise OperationRefused("There are two secrets already; finish that rotation.")
    secret = make_secret(client_id)
    hashes = [*hashes, hash_secret(secret)]
    shown = _changed(gateway, client_id, found, secret_hashes=hashes)
    return {"client_id": client_id, "secret": secret, **shown}


def disable(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse a client's secrets, and end its tokens for good."""
    client_id, found = _found(gateway, arguments)
    epoch = _epoch(found) + 1
    return _changed(gateway, client_id, found, disabled=True, epoch=epoch)


def enable(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Accept a disabled client's secrets again; its old tokens stay invalid."""
    client_id, found = _found(gateway, arguments)
    if not found.content.get("disabled"):
        raise OperationRefused(f"clients/{client_id} is not disabled.")
    return _changed(gateway, client_id, found, disabled=False)


def revoke(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """End all tokens of a client; with its secrets it gets new ones at once."""
    client_id, found = _found(gateway, arguments)
    return _changed(gateway, client_id, found, epoch=_epoch(found) + 1)


def _found(
    gateway: Gateway, arguments: Mapping[str, Any], **optional: Rule
) -> tuple[str, Document]:
    rules = {"client_id": ID, **optional}
    client_id = checked_fields(arguments, rules, needed=("client_id",))["client_id"]
    return client_id, editing.find(gateway, "clients", client_id)


def _epoch(found: Document) -> int:
    return int(found.content.get("epoch", 1))


def _changed(
    gateway: Gateway, client_id: str, found: Document, **fields: Any
) -> dict[str, Any]:
    changed = {**found.content, **fields}
    content = client_document(client_id, changed, kept=found.content)
    version = editing.change(gateway, "clients", client_id, content, found=found)
    return shown_client(client_id, version, content)
