"""Documents and their changes as operators see them: fields before and after.

What the documents seal, hashes of secrets, and what a later version has written show
as fingerprints: equal ones are equal values, and nobody without a master key can try
values against them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from runtime.crypto.envelope import CannotOpen
from runtime.documents.documents import Written
from runtime.documents.secret_fields import NESTED_SECRETS, each_secret
from runtime.gateway import Gateway
from runtime.operations.fingerprints import audit_key, fingerprint
from runtime.registry.fields import RULES
from runtime.registry.route_fields import ROUTE_RULES
from runtime.registry.rules import ROBOT_FIELDS
from runtime.registry.schema import SCHEMA_FIELD

LONGEST = 4000
"""Characters of JSON of one value; a longer one shows as a fingerprint."""

_HASHED = ("secret_hashes",)

_ITEMS: Mapping[str, Collection[str]] = {"routes": ROUTE_RULES, "robots": ROBOT_FIELDS}
"""The fields that are lists of objects, and what is known of each object."""


def shown_change(gateway: Gateway, written: Written) -> dict[str, Any]:
    """Return the fields that a version has changed, `before` and `after`.

    None stands for a document that is not there; `unreadable` tells that one of the two
    cannot be read.
    """
    documents = gateway.documents
    try:
        found = documents.version_in_part(written.kind, written.id, written.version - 1)
        before = None if found is None else found.content
        kind, id_ = written.kind, written.id
        both = [
            None if each is None else shown_content(gateway, kind, id_, each)
            for each in (before, documents.opened(written))
        ]
    except (CannotOpen, OSError, ValueError, TypeError, AttributeError):
        return {"unreadable": True}
    old, new = both
    same = {
        name for name, value in (old or {}).items() if (new or {}).get(name) == value
    }
    old, new = (
        None if each is None else {n: v for n, v in each.items() if n not in same}
        for each in (old, new)
    )
    return {"before": old, "after": new}


def shown_content(
    gateway: Gateway, kind: str, id_: str, content: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of a document's content without any secret."""
    key = audit_key(gateway)

    def print_of(value: Any, *, place: str = "") -> str:
        return fingerprint(key, value)

    def of_url(value: str) -> str:
        # Some services take a secret in the query.
        path, mark, query = value.partition("?")
        return f"{path}?{print_of(query)}" if mark and "://" in path else value

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return of_url(value)
        if isinstance(value, Mapping):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        return value

    def item(value: Any, known: Collection[str]) -> Any:
        if not isinstance(value, Mapping):
            return print_of(value)
        return {n: v if n in known else print_of(v) for n, v in value.items()}

    sealed = each_secret(f"{kind}/{id_}", content, print_of)
    shown: dict[str, Any] = {}
    for name, value in sealed.items():
        known = name in RULES[kind] or name == SCHEMA_FIELD
        if name in _HASHED and isinstance(value, (list, tuple)):
            value = [print_of(each) for each in value]
        elif not known:
            value = print_of(value)
        elif name in NESTED_SECRETS.get(kind, {}) and isinstance(value, (list, tuple)):
            value = [item(each, _ITEMS[name]) for each in value]
        value = plain(value)
        long = len(json.dumps(value)) > LONGEST
        shown[name] = print_of(value) if long else value
    return shown
