"""Commands on clients: add, list, show, update, remove; no answer holds a hash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.client_warnings import warnings
from runtime.operations.editing import ID, NAMES, shown_later, split, warnings_of
from runtime.operations.generated_fields import (
    GENERATED,
    carried_over,
    complete,
    refuse_generated,
    with_new_salt,
)
from runtime.operations.preset_fields import paste, with_preset
from runtime.operations.refusals import OperationRefused
from runtime.registry.fields import RULES
from runtime.registry.logo import shown as shown_logo
from runtime.registry.rules import flag
from runtime.registry.schema import (
    InvalidDocument,
    checked_fields,
    client_document,
    refuse_unknown,
)

_NEW = {"new_salt": flag}

_NEW_SALT = (
    "The client gets another identifier of every user: it takes each for a new one."
)


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new client and return its secret, which is never shown again.

    Without `client_id` the id is made of `name`: `Order desk` becomes `order-desk`. A
    public client gets no secret. With `preset` and `url` the fields of a known client
    are filled in, and `paste` is what to paste there. With `new_salt` it gets other
    pairwise identifiers than a client that had the same id. `issuer` is the gateway's
    URL.
    """
    named, given = split(arguments, "client_id", "preset", "url", "new_salt")
    known = checked_fields(
        {name: v for name, v in named.items() if name == "new_salt"}, _NEW
    )
    fields = with_preset(named.get("preset"), named.get("url"), given)
    client_id = str(named.get("client_id") or _slug(fields.get("name")))
    refuse_generated(fields)
    full, secret = complete(client_id, {"scopes": {}, **fields})
    content = client_document(client_id, full)
    _check_apps(gateway, content["scopes"])
    new_salt = known.get("new_salt", False)
    content |= carried_over(gateway, client_id, new_salt=new_salt)
    version = editing.create(gateway, "clients", client_id, content)
    shown = shown_client(client_id, version, content, secret=secret)
    issuer = gateway.settings.public_base_url
    shown["issuer"] = issuer
    if "preset" in content:
        shown["paste"] = paste(content, client_id, secret, issuer=issuer)
    return {**shown, **warnings(gateway, client_id, content)}


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all clients with their most important fields."""
    checked_fields(arguments, {})
    clients = []
    documents, unreadable = editing.each_usable(gateway, "clients")
    for client_id, found in documents.items():
        client = shown_client(client_id, found.version, found.content)
        short = ("client_id", "name", "scopes", "disabled", "secrets", "version")
        clients.append({name: client[name] for name in short})
    return {"clients": clients, **({"unreadable": unreadable} if unreadable else {})}


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields of a client; of its secrets the number alone."""
    known = checked_fields(arguments, {"client_id": ID}, needed=("client_id",))
    client_id = known["client_id"]
    found = editing.find(gateway, "clients", client_id)
    with editing.readable(f"clients/{client_id}"):
        shown = shown_client(client_id, found.version, found.content)
        return {**shown, **_warnings(gateway, client_id, found.content)}


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields, and remove those that `clear` names.

    `scopes` changes the apps that it names and no others; null removes an app. A client
    that is no longer public gets a secret, which is never shown again. With `new_salt`
    each user gets another pairwise identifier.
    """
    named, fields = split(arguments, "client_id", "clear", "new_salt")
    rules = {"client_id": ID, "clear": NAMES, **_NEW}
    known = checked_fields(named, rules, needed=("client_id",))
    client_id, cleared = known["client_id"], known.get("clear", [])
    refuse_generated([*fields, *cleared])
    refuse_unknown("clients", [*fields, *cleared])
    found = editing.find(gateway, "clients", client_id)
    rest = {name: v for name, v in found.content.items() if name not in cleared}
    if isinstance(fields.get("scopes"), Mapping):
        fields["scopes"] = _merged(found.content["scopes"], fields["scopes"])
    anew = known.get("new_salt", False)
    full, secret = complete(client_id, with_new_salt({**rest, **fields}, anew=anew))
    content = client_document(client_id, full, kept=found.content)
    new = {app for app in content["scopes"] if app not in found.content["scopes"]}
    _check_apps(gateway, new)
    version = editing.change(gateway, "clients", client_id, content, found=found)
    shown = shown_client(client_id, version, content, secret=secret)
    more = {"warnings": [_NEW_SALT]} if anew and "pairwise_salt" in content else {}
    return {**shown, **_warnings(gateway, client_id, content, more)}


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove a client; its tokens and secrets end within two seconds.

    OperationRefused while a route sends it pushes.
    """
    known = checked_fields(arguments, {"client_id": ID}, needed=("client_id",))
    client_id = known["client_id"]
    for appid, found in editing.each_in_part(gateway, "apps")[0].items():
        for route in found.content.get("routes", ()):
            if route["client"] == client_id:
                raise OperationRefused(
                    f"{client_id} gets pushes of {appid}: "
                    f"push route remove {appid} {route['id']} first."
                )
    return editing.remove(gateway, "clients", client_id)


def _warnings(
    gateway: Gateway,
    client_id: str,
    content: Mapping[str, Any],
    *more: Mapping[str, list[str]],
) -> dict[str, list[str]]:
    others = warnings(gateway, client_id, content)
    return warnings_of("clients", client_id, content, others, *more)


def shown_client(
    client_id: str,
    version: int,
    content: Mapping[str, Any],
    *,
    secret: str | None = None,
) -> dict[str, Any]:
    """Return the fields that an operator sees, and a secret if one was made now."""
    public = {
        name: v
        for name, v in content.items()
        if name in RULES["clients"] and name not in GENERATED
    }
    for name in ("logo", "favicon"):
        if name in public:
            public[name] = shown_logo(public[name])
    return {
        "client_id": client_id,
        **({"secret": secret} if secret else {}),
        **public,
        **shown_later("clients", content),
        "disabled": content.get("disabled", False),
        "epoch": content.get("epoch", 1),
        "secrets": len(content["secret_hashes"]),
        "version": version,
    }


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old, **new}
    return {app: patterns for app, patterns in merged.items() if patterns is not None}


def _check_apps(gateway: Gateway, appids: Any) -> None:
    known = gateway.documents.ids("apps") if appids else []
    for appid in appids:
        if appid.removesuffix("-*") not in known and not gateway.registry.app(appid):
            raise InvalidDocument("scopes", f"name {appid}, and there is no such app")


def _slug(name: Any) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower()) if isinstance(name, str) else []
    if not words:
        raise InvalidDocument("client_id", "cannot be made of this name: give one")
    return "-".join(words)[:40].rstrip("-")
