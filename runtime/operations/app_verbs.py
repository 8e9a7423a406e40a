"""Commands on apps: add, list, show, update, remove; no answer holds a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.documents.documents import SECRET_FIELDS
from runtime.documents.secret_fields import Sealed
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.app_console import console_of, entries
from runtime.operations.editing import ID, NAMES, shown_later, split, warnings_of
from runtime.registry.authorizers import in_force
from runtime.registry.fields import RULES
from runtime.registry.models import AUTHORIZED_KIND, WECOM_KIND
from runtime.registry.schema import (
    InvalidDocument,
    app_document,
    checked_fields,
    refuse_unknown,
)

_DEFAULTS = {"token_mode": "stable", "subject": "openid"}


def _defaults(content: Mapping[str, Any]) -> dict[str, str]:
    """Return what counts where the document does not say it."""
    return {} if content["kind"] == WECOM_KIND else dict(_DEFAULTS)


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new app: `appid` and the fields of its document.

    `enter` is what to enter in WeChat's `console`, as `app check` tells it.
    """
    named, fields = split(arguments, "appid")
    _refuse_routes(fields)
    appid = str(named.get("appid", ""))
    if fields.get("kind") == WECOM_KIND:
        appid, fields = _wecom_id(appid, fields)
    elif not appid:
        raise InvalidDocument("appid", "is missing")
    content = app_document(appid, fields)
    version = editing.create(gateway, "apps", appid, content)
    shown = _shown(appid, version, content)
    if content["kind"] == AUTHORIZED_KIND:
        return shown
    # At WeCom the callback URL also unlocks the trusted IPs.
    pushes = "token" in content or content["kind"] == WECOM_KIND
    return {
        **shown,
        "console": console_of(content["kind"]),
        "enter": entries(gateway, appid, content, pushes=pushes),
    }


def _wecom_id(appid: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the id of an app of WeCom and its fields; either may tell the other."""
    if not appid:
        return f"{fields.get('corpid', '')}-{fields.get('name', '')}", fields
    corpid, _, name = appid.partition("-")
    return appid, {"corpid": corpid, "name": name, **fields}


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all apps with their most important fields."""
    checked_fields(arguments, {})
    apps = []
    documents, unreadable = editing.each_usable(gateway, "apps")
    for appid, found in documents.items():
        content = {**_defaults(found.content), **found.content}
        short = {
            name: content.get(name, "") for name in ("kind", "token_mode", "subject")
        }
        apps.append({"appid": appid, **short, "version": found.version})
    return {"apps": apps, **({"unreadable": unreadable} if unreadable else {})}


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields of an app; of its secrets the names alone.

    Of an account that has authorised a component also which authorisation counts.
    """
    appid = checked_fields(arguments, {"appid": ID}, needed=("appid",))["appid"]
    found = editing.read(gateway, "apps", appid)
    if found and found.content["kind"] != AUTHORIZED_KIND:
        return _shown(appid, found.version, found.content)
    account = gateway.registry.app(appid)
    if account is None or not account.is_authorized:
        found = editing.find(gateway, "apps", appid)
        return _shown(appid, found.version, found.content)
    shown = _shown(appid, found.version, found.content) if found else {"appid": appid}
    counts = in_force(account.authorizers)
    newest = counts or account.authorizers[0]
    return {
        **shown,
        "kind": account.kind,
        "user_name": newest.user_name,
        "authorized_by": counts.component if counts else None,
        "settings": (
            f"apps/{appid}"
            if found
            else f"authorized_defaults of apps/{newest.component}"
        ),
        "authorizations": [
            {
                "component": each.component,
                "state": each.state,
                "authorized_at": each.authorized_at,
                "permission_sets": list(each.permission_sets),
            }
            for each in account.authorizers
        ],
    }


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields, and remove those that `clear` names.

    A new token or AES key of pushes makes the former one the previous one.
    """
    named, fields = split(arguments, "appid", "clear")
    known = checked_fields(named, {"appid": ID, "clear": NAMES}, needed=("appid",))
    appid = known["appid"]
    found = editing.find(gateway, "apps", appid)
    cleared = known.get("clear", ())
    _refuse_routes([*fields, *cleared])
    refuse_unknown("apps", [*fields, *cleared])
    rest = {name: v for name, v in found.content.items() if name not in cleared}
    for name, former in _rolled(found.content, fields).items():
        if name not in cleared:
            rest[name] = former
    rest = {name: v for name, v in rest.items() if not _is_useless(name, v, fields)}
    if "robots" in fields:
        fields["robots"] = _with_robots(rest.get("robots", ()), fields["robots"])
    content = app_document(appid, {**rest, **fields}, kept=found.content)
    version = editing.change(gateway, "apps", appid, content, found=found)
    shown = _shown(appid, version, content)
    gone = found.content.get("domain_proofs", {}).keys() - content.get(
        "domain_proofs", {}
    )
    if gone and "domain_proofs" not in cleared:
        text = f"No longer served: {', '.join(sorted(gone))}. --domain-proof takes all."
        shown["warnings"] = [*shown.get("warnings", ()), text]
    return shown


def _with_robots(old: Any, new: Any) -> list[Any]:
    """Return the robots of before with those that are given, by their names."""
    if not isinstance(new, (list, tuple)) or not all(isinstance(r, dict) for r in new):
        raise InvalidDocument("robots", "must be a list of name and key")
    given = {robot.get("name") for robot in new}
    return [*(robot for robot in old if robot["name"] not in given), *new]


def _refuse_routes(names: Iterable[str]) -> None:
    if "routes" in names:
        raise InvalidDocument("routes", "are changed by push route add|update|remove")


def _rolled(old: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the push secrets that new ones replace, to be accepted until cleared."""
    return {
        f"previous_{name}": old[name]
        for name in ("token", "encoding_aes_key")
        if name in fields and old.get(name) and old[name] != fields[name]
    }


def _is_useless(name: str, value: Any, fields: Mapping[str, Any]) -> bool:
    """Tell whether it is a former push secret that no key opens, and new ones come."""
    of = name.removeprefix("previous_")
    return of != name and isinstance(value, Sealed) and of in fields


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove an app; its history and the scopes that name it stay."""
    appid = checked_fields(arguments, {"appid": ID}, needed=("appid",))["appid"]
    return editing.remove(gateway, "apps", appid)


def _shown(appid: str, version: int, content: Mapping[str, Any]) -> dict[str, Any]:
    secret = SECRET_FIELDS["apps"]
    public = {
        name: value
        for name, value in content.items()
        if name in RULES["apps"] and name not in secret
    }
    if "routes" in public:  # `push route list` shows more of them
        with editing.readable(f"apps/{appid}"):
            public["routes"] = [route["id"] for route in public["routes"]]
    if "robots" in public:
        with editing.readable(f"apps/{appid}"):
            public["robots"] = [robot["name"] for robot in public["robots"]]
    sealed = [name for name in secret if content.get(name)]
    return {
        "appid": appid,
        "kind": content["kind"],
        **_defaults(content),
        **public,
        **shown_later("apps", content),
        "sealed": sealed,
        "version": version,
        **warnings_of("apps", appid, content),
    }
