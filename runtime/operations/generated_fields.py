"""Generated fields of a client: hashes, salt, epoch and `disabled`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runtime.documents.secret_fields import Sealed
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


def with_new_salt(fields: Mapping[str, Any], *, anew: bool) -> dict[str, Any]:
    """Return the fields without their salt if they are to get another one.

    Another one is made where it is needed; InvalidDocument where there is none.
    """
    if not anew:
        return dict(fields)
    if "pairwise_salt" not in fields and fields.get("subject_type") != "pairwise":
        raise InvalidDocument("new_salt", "is for a client with pairwise identifiers")
    return {name: v for name, v in fields.items() if name != "pairwise_salt"}


def carried_over(
    gateway: Gateway, client_id: str, *, new_salt: bool = False
) -> dict[str, Any]:
    """Return the generated fields of a restored client: a new epoch, the old salt.

    Otherwise a rollback, or a new client after a removal, would make old tokens valid
    again, or change the identifiers of users. UnreadableDocument if no master key
    opens the newest salt, unless it is to be a new one.
    """
    fields: dict[str, Any] = {"epoch": 1}
    for content in _contents(gateway, client_id):
        fields["epoch"] = max(fields["epoch"], content.get("epoch", 1) + 1)
        salt = None if new_salt else content.get("pairwise_salt")
        if isinstance(salt, Sealed):
            if "pairwise_salt" not in fields:
                raise UnreadableDocument(f"clients/{client_id}")
        elif salt:
            fields.setdefault("pairwise_salt", salt)
    return fields


def _contents(gateway: Gateway, client_id: str) -> Iterator[Mapping[str, Any]]:
    # Newest first. An older one may be sealed by a master key that was removed since.
    newest = True
    for stored in reversed(gateway.documents.history("clients", client_id)):
        try:
            with readable(f"clients/{client_id}"):
                found = gateway.documents.version_in_part(
                    "clients", client_id, stored.version
                )
        except UnreadableDocument:
            if newest:
                raise
            continue
        if found is not None:
            newest = False
            yield found.content
