"""The fields of a client that nobody gives: hashes, salt, epoch and state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.operations.editing import readable
from runtime.operations.refusals import UnreadableDocument
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.schema import RegistrationError

OURS = ("secret_hashes", "pairwise_salt", "disabled", "epoch")


def refuse_ours(names: Iterable[str]) -> None:
    """Raise RegistrationError if one of these is among the names."""
    for name in OURS:
        if name in names:
            raise RegistrationError(name, "is not this verb's to change")


def completed(
    client_id: str,
    fields: Mapping[str, Any],
    *,
    random: Callable[[int], str] = secrets.token_hex,
) -> tuple[dict[str, Any], str | None]:
    """Return a client's fields with what they need of ours, and a secret made now.

    A public client loses its secrets, any other one without a secret gets one. Names
    that are pairwise get a salt, once: another one would rename everybody.
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


def lasting(gateway: Gateway, client_id: str) -> dict[str, Any]:
    """Return what a client brings along when it comes back: a new epoch, the old salt.

    Whoever comes back, by a rollback or after a removal, would otherwise bring back
    tokens of then, or call people by other names.
    """
    kept: dict[str, Any] = {"epoch": 1}
    for content in _contents(gateway, client_id):
        kept["epoch"] = max(kept["epoch"], content.get("epoch", 1) + 1)
        if salt := content.get("pairwise_salt"):
            kept.setdefault("pairwise_salt", salt)
    return kept


def _contents(gateway: Gateway, client_id: str) -> Iterator[Mapping[str, Any]]:
    # Newest first. An older one may be sealed under a master key that has gone since.
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
