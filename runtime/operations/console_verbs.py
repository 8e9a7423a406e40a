"""Commands on the console: `operator add|remove|list` and `console link`.

An operator is a known user with a role. Whoever may run these commands holds the keys
of all documents, so the first operator is entered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import split
from runtime.operations.refusals import OperationRefused
from runtime.operations.user_verbs import NAMED_BY, named_user, nickname, restored
from runtime.registry.fields import RULES
from runtime.registry.rules import subject
from runtime.registry.schema import (
    InvalidDocument,
    checked_fields,
    known_user_document,
)
from runtime.sign_in.console_codes import CODE_SECONDS

PATH = "/console/enter"


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give a user a role, and enter the user if no operator has.

    Groups and e-mail address stay. A user who is not entered yet is named by `sub`, or
    by the `reference` that a refused user was shown.
    """
    named, fields = split(arguments, *NAMED_BY)
    rules = {name: RULES["people"][name] for name in ("role", "name")}
    known = checked_fields(fields, rules, needed=("role",))
    id_, sub, refused = named_user(gateway, checked_fields(named, NAMED_BY))
    found = editing.read(gateway, "people", id_)
    if found is not None:
        fields = {**found.content, **known, **restored(found, sub)}
        content = known_user_document(id_, fields, kept=found.content)
        version = editing.change(gateway, "people", id_, content, found=found)
    elif sub is None:
        raise InvalidDocument("sub", "must be the sub itself, and not its hash")
    else:
        given = {**(nickname(refused) if refused else {}), **known, "sub": sub}
        content = known_user_document(id_, given)
        version = editing.create(gateway, "people", id_, content)
    follow = f"manage.py console link --as {id_}"
    return {**_row(id_, content), "version": version, "next": follow}


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Take a user's role away; the user stays, and so do sessions at services."""
    id_, _, _ = named_user(gateway, checked_fields(arguments, NAMED_BY))
    found = editing.find(gateway, "people", id_)
    if not found.content.get("role"):
        raise OperationRefused(f"people/{id_} has no role: operator list.")
    rest = {name: v for name, v in found.content.items() if name != "role"}
    content = known_user_document(id_, rest, kept=found.content)
    version = editing.change(gateway, "people", id_, content, found=found)
    return {**_row(id_, content), "version": version}


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all users who have a role."""
    checked_fields(arguments, {})
    documents, unreadable = editing.each_usable(gateway, "people")
    rows = [
        _row(id_, found.content)
        for id_, found in documents.items()
        if found.content.get("role")
    ]
    return {"operators": rows, **({"unreadable": unreadable} if unreadable else {})}


def link(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the address of the console's entry, and a code for one operator."""
    known = checked_fields(arguments, {"sub": subject}, needed=("sub",))
    id_, _, _ = named_user(gateway, known)
    found = editing.find_whole(gateway, "people", id_)
    if not (role := found.content.get("role")):
        raise OperationRefused(
            f"people/{id_} has no role: operator add {id_} --role viewer, operator or "
            "admin."
        )
    return {
        "address": f"{gateway.settings.public_base_url}{PATH}",
        "code": gateway.console_codes.issue(id_),
        "role": role,
        "valid_seconds": CODE_SECONDS,
    }


def _row(id_: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": id_, "name": content.get("name"), "role": content.get("role")}
