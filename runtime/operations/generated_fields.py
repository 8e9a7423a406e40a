"""Generated fields of a client: hashes, salt, epoch and `disabled`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.operations.editing import readable
from runtime.operations.refusals import UnreadableDocument
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.schema import InvalidDocument

GENERATED = ("secret_hashes", "pairwise_salt", "disabled", "epoch")


def refuse_generated(names: Iterable[str]) -> None:
    """Raise InvalidDocument if a generated field is among the names."""
    for name in GENERATED:
        if name in names:
            raise InvalidDocument(name, "is not this verb's to change")


def complete(
    client_id: str,
    fields: Mapping[str, Any],
    *,
    random: Callable[[int], str] = secrets.token_hex,
) -> tuple[dict[str, Any], str | None]:
    """Return a client's fields with the generated ones, and a secret if one was made.

    A public client loses its secrets; any other client without a secret gets one. A
    pairwise client gets a salt once: another salt would change all its identifiers.
    """
    full, secret = {"secret_hashes": [], **fields}, None
    if full.get("public"):
        full["secret_hashes"] = []
    elif not full["secret_hashes"]:
        secret = make_secret(client_id, random=random)
        full["secret_hashes"] = [hash_secret(secret, random=random)]
    if full.get("subject_type") == "pairwise":
        full.setdefault("pairwise_salt", random(16))
    return full, secret


def carried_over(gateway: Gateway, client_id: str) -> dict[str, Any]:
    """Return the generated fields of a restored client: a new epoch, the old salt.

    Otherwise a rollback, or a new client after a removal, would make old tokens valid
    again, or change the identifiers of users.
    """
    fields: dict[str, Any] = {"epoch": 1}
    for content in _contents(gateway, client_id):
        fields["epoch"] = max(fields["epoch"], content.get("epoch", 1) + 1)
        if salt := content.get("pairwise_salt"):
            fields.setdefault("pairwise_salt", salt)
    return fields


def _contents(gateway: Gateway, client_id: str) -> Iterator[Mapping[str, Any]]:
    # Newest first. An older one may be sealed by a master key that was removed since.
    newest = True
    for stored in reversed(gateway.documents.history("clients", client_id)):
        try:
            with readable(f"clients/{client_id}"):
                found = gateway.documents.read_version(
                    "clients", client_id, stored.version
                )
        except UnreadableDocument:
            if newest:
                raise
            continue
        if found is not None:
            newest = False
            yield found.content
