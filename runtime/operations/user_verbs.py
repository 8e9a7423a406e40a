"""Commands on users: `person add|list|show|update|remove|sign-out`.

No log line identifies a user: a document's id is the hash of the sub.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from runtime.documents.documents import Document
from runtime.documents.secret_fields import Sealed
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import NAMES, shown_later, split, warnings_of
from runtime.operations.refusals import OperationRefused
from runtime.registry.fields import RULES
from runtime.registry.known_users import document_id
from runtime.registry.rules import Fault, Rule, subject, text
from runtime.registry.schema import (
    InvalidDocument,
    checked_fields,
    known_user_document,
    refuse_unknown,
)
from runtime.sign_in.references import RefusedUser

_REFERENCE = text(r"[0-9A-Za-z -]{1,40}", "a reference such as K7QF-2M9X-4TBD")

NAMED_BY: Mapping[str, Rule] = {"sub": subject, "reference": _REFERENCE}

_ID = re.compile(r"[0-9a-f]{64}")


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Enter a user: `sub`, or the `reference` that a refused user was shown.

    With a reference the name is by default the one of WeChat's profile.
    """
    named, fields = split(arguments, *NAMED_BY)
    id_, sub, refused = named_user(gateway, checked_fields(named, NAMED_BY))
    if sub is None:
        raise InvalidDocument("sub", "must be the sub itself, and not its hash")
    if refused:
        fields = {**nickname(refused), **fields}
    content = known_user_document(id_, {**fields, "sub": sub})
    version = editing.create(gateway, "people", id_, content)
    return {**_shown(id_, version, content), **_warnings(gateway, id_, content)}


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all known users without their subs."""
    checked_fields(arguments, {})
    documents, unreadable = editing.each_usable(gateway, "people")
    users = [
        _row(id_, found.version, found.content) for id_, found in documents.items()
    ]
    return {"people": users, **({"unreadable": unreadable} if unreadable else {})}


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields of a known user, the sub as well."""
    id_, _, _ = named_user(gateway, checked_fields(arguments, NAMED_BY))
    found = editing.find(gateway, "people", id_)
    lost = warnings_of("people", id_, found.content)
    return {**_shown(id_, found.version, found.content), **lost}


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields, and remove those that `clear` names.

    A sub that no master key opens is replaced by the one that names the user here.
    """
    named, fields = split(arguments, *NAMED_BY, "clear")
    known = checked_fields(named, {**NAMED_BY, "clear": NAMES})
    id_, sub, _ = named_user(gateway, known)
    cleared = known.get("clear", ())
    refuse_unknown("people", [*fields, *cleared])
    found = editing.find(gateway, "people", id_)
    rest = {name: v for name, v in found.content.items() if name not in cleared}
    fields |= restored(found, sub)
    content = known_user_document(id_, {**rest, **fields}, kept=found.content)
    version = editing.change(gateway, "people", id_, content, found=found)
    return {**_shown(id_, version, content), **_warnings(gateway, id_, content)}


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove a known user, and end all sessions and tokens that the user has."""
    id_, sub, _ = named_user(gateway, checked_fields(arguments, NAMED_BY))
    if sub is None:
        sub = _sub_of(gateway, id_)
    removed = editing.remove(gateway, "people", id_)
    gateway.sessions.end_all(sub)
    return {"id": id_, **removed}


def sign_out(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """End a user's sessions and tokens that began up to now, on every device.

    The answer does not tell whether there were any; the user may sign in again.
    """
    id_, sub, _ = named_user(gateway, checked_fields(arguments, NAMED_BY))
    if sub is None:
        sub = _sub_of(gateway, id_)
    now = gateway.sessions.end_all(sub)
    until = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
    return {"sub": sub, "signed_out_until": until}


def restored(found: Document, sub: str | None) -> dict[str, str]:
    """Return the sub that names the user, where no master key opens the stored one."""
    if sub is None or not isinstance(found.content["sub"], Sealed):
        return {}
    return {"sub": sub}


def _sub_of(gateway: Gateway, id_: str) -> str:
    sub = editing.find(gateway, "people", id_).content["sub"]
    if isinstance(sub, Sealed):
        raise OperationRefused(
            f"No master key opens the sub of people/{id_}: name the user by the sub "
            "itself, or by a reference."
        )
    return str(sub)


def named_user(
    gateway: Gateway, known: Mapping[str, Any]
) -> tuple[str, str | None, RefusedUser | None]:
    """Return the document's id, the sub if it was named, and who was refused.

    A user is named by the sub, by its hash or by a reference.
    """
    sub, reference = known.get("sub"), known.get("reference")
    if (sub is None) == (reference is None):
        raise InvalidDocument("sub", "is missing: give a sub or a reference, not both")
    if reference is not None:
        refused = gateway.references.find(reference)
        if refused is None:
            raise OperationRefused(
                "There is no such reference, or it is older than a week: "
                "let the user sign in again and tell the one of the page."
            )
        return document_id(refused.sub), refused.sub, refused
    if _ID.fullmatch(str(sub)):
        return str(sub), None, None
    return document_id(str(sub)), str(sub), None


def nickname(refused: RefusedUser) -> dict[str, str]:
    """Return the name of WeChat's profile as a field, if it can be one."""
    with suppress(Fault):
        return {"name": RULES["people"]["name"](refused.name)}
    return {}


def _row(id_: str, version: int, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": id_,
        "name": content.get("name"),
        "groups": content.get("groups", []),
        "email": content.get("email"),
        "role": content.get("role"),
        "version": version,
    }


def _shown(id_: str, version: int, content: Mapping[str, Any]) -> dict[str, Any]:
    row = _row(id_, version, content)
    sub = None if isinstance(content["sub"], Sealed) else content["sub"]
    return {"id": id_, "sub": sub, **row, **shown_later("people", content)}


def _warnings(
    gateway: Gateway, id_: str, content: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return `warnings`, a sentence each; an empty dict if there are none."""
    lost = warnings_of("people", id_, content)
    email = content.get("email")
    others = editing.each(gateway, "people")[0] if email else {}
    same = [
        other
        for other, found in others.items()
        if other != id_ and found.content.get("email") == email
    ]
    if not same:
        return lost
    names = ", ".join(f"people/{other}" for other in same)
    sentence = f"A client may take this user for another one with this e-mail: {names}."
    return {"warnings": [*lost.get("warnings", ()), sentence]}
