"""Commands on the routes of an app's pushes: `push route add|list|update|remove`.

A route's token, AES key or signing secret is revealed once, when it is made.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from typing import Any

from runtime.documents.documents import Document
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID, NAMES, split, warnings_of
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.route_addresses import check_address
from runtime.registry.models import AUTHORIZED_KIND, PUSHED_KINDS
from runtime.registry.route_fields import MOST_ROUTES, ROUTE_RULES, route
from runtime.registry.routes import EVENT, REPLY_WITHIN, WECHAT, routes_of
from runtime.registry.rules import Fault, flag, whole
from runtime.registry.schema import InvalidDocument, app_document, checked_fields

_SECRETS = ("token", "encoding_aes_key", "secret")
_LETTERS = string.ascii_letters + string.digits

_OPTIONS = {"plain": flag, "place": whole(1, MOST_ROUTES)}


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Add a route to an app and return its secrets, which are never shown again.

    `token` and `encoding_aes_key` are those that a service has already; without them
    new ones are made. A `plain` route has no AES key. `place` is 1 for the first one,
    without it the route becomes the last.
    """
    named, given = split(arguments, "appid", *_OPTIONS)
    rules = {"appid": ID, **_OPTIONS}
    known = checked_fields(named, rules, needed=("appid",))
    found = editing.find(gateway, "apps", known["appid"])
    routes = _routes(known["appid"], found)
    plain = known.get("plain", False)
    _refuse_both(plain, given)
    _refuse(given, "id")
    fields = {"id": _new_id(routes), **given}
    made = _checked(_with_secrets(fields, plain=plain))
    warnings = _of_client(gateway, made["client"])
    warnings += check_address(gateway, made["url"], plain=_is_plain(made))
    warnings += _of_account(known["appid"], found.content, made)
    routes.insert(known.get("place", len(routes) + 1) - 1, made)
    version = _write(gateway, known["appid"], found, routes)
    revealed = {name: made[name] for name in _SECRETS if name in made}
    return _answer(known["appid"], routes, made, version, revealed, warnings)


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the routes of an app in their order, without secrets.

    Of the openids that a route compares, the number; with `openids`, themselves.
    """
    rules = {"appid": ID, "openids": flag}
    known = checked_fields(arguments, rules, needed=("appid",))
    found = editing.find(gateway, "apps", known["appid"])
    openids = known.get("openids", False)
    routes = _routes(known["appid"], found)
    rows = [_shown(each, openids=openids) for each in routes]
    return {"routes": rows, **_lost(known["appid"], routes)}


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields of a route, and remove those that `clear` names.

    With `new_secrets` it gets new ones, which are shown this once; the old ones end at
    once. `place` moves it. A route keeps its format.
    """
    named, given = split(arguments, "appid", "route", "clear", "new_secrets", *_OPTIONS)
    rules = {"appid": ID, "route": ID, "clear": NAMES, "new_secrets": flag, **_OPTIONS}
    known = checked_fields(named, rules, needed=("appid", "route"))
    _refuse(given, "id", "format")
    cleared = known.get("clear", ())
    for name in cleared:
        if name not in ROUTE_RULES:
            raise InvalidDocument("clear", "names a field that is not known here")
    plain = known.get("plain")
    _refuse_both(bool(plain), given)
    found = editing.find(gateway, "apps", known["appid"])
    routes = _routes(known["appid"], found)
    old = _one(routes, known["appid"], known["route"])
    fields = {n: v for n, v in old.items() if n not in cleared} | given
    anew = known.get("new_secrets", False)
    if anew or (plain is not None and plain != _is_plain(old)):
        gone = _SECRETS if anew else ("encoding_aes_key",)
        fields = {n: v for n, v in fields.items() if n in given or n not in gone}
    stays = _is_plain(old) if plain is None else plain
    made = _checked(_with_secrets(fields, plain=stays), kept=old)
    warnings = _of_client(gateway, made["client"])
    warnings += check_address(gateway, made["url"], plain=_is_plain(made))
    warnings += _of_account(known["appid"], found.content, made)
    place = known.get("place", routes.index(old) + 1) - 1
    routes.remove(old)
    routes.insert(place, made)
    version = _write(gateway, known["appid"], found, routes)
    revealed = {n: made[n] for n in _SECRETS if n in made and made[n] != old.get(n)}
    return _answer(known["appid"], routes, made, version, revealed, warnings)


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove a route; what is still to be delivered to it is not sent any more."""
    rules = {"appid": ID, "route": ID}
    known = checked_fields(arguments, rules, needed=rules)
    found = editing.find(gateway, "apps", known["appid"])
    routes = _routes(known["appid"], found)
    routes.remove(_one(routes, known["appid"], known["route"]))
    version = _write(gateway, known["appid"], found, routes)
    return {"removed": known["route"], "appid": known["appid"], "version": version}


def _routes(appid: str, found: Document) -> list[dict[str, Any]]:
    with editing.readable(f"apps/{appid}"):
        routes_of(found.content.get("routes", ()))
        return [dict(each) for each in found.content.get("routes", ())]


def _one(routes: list[dict[str, Any]], appid: str, id_: str) -> dict[str, Any]:
    for each in routes:
        if each.get("id") == id_:
            return each
    raise UnknownDocument(
        f"There is no route {id_} of {appid}: push route list {appid} lists them."
    )


def _refuse(given: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name in given:
            raise InvalidDocument(name, "is not this verb's to change")


def _refuse_both(plain: bool, given: Mapping[str, Any]) -> None:
    if plain and "encoding_aes_key" in given:
        raise InvalidDocument("plain", "must not be there with an AES key")


def _new_id(routes: list[dict[str, Any]]) -> str:
    taken = {each.get("id") for each in routes}
    while (made := secrets.token_hex(6)) in taken:
        pass
    return made


def _with_secrets(fields: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    full = dict(fields)
    if full.get("format", WECHAT) == EVENT:
        if plain:
            raise InvalidDocument("plain", "is for format wechat alone")
        if "secret" not in full:
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            full["secret"] = f"whsec_{key}"
        return full
    full.setdefault("token", _random(32))
    if not plain:
        full.setdefault("encoding_aes_key", _random(43))
    return full


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _checked(
    fields: dict[str, Any], *, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    try:
        return route(fields, kept=kept)
    except Fault as fault:
        # It begins with the field's name.
        name, _, rest = str(fault).partition(" ")
        raise InvalidDocument(name, rest) from None


def _is_plain(fields: Mapping[str, Any]) -> bool:
    is_wechat = fields.get("format", WECHAT) == WECHAT
    return is_wechat and "encoding_aes_key" not in fields


def _of_client(gateway: Gateway, client_id: str) -> list[str]:
    client = editing.read(gateway, "clients", client_id)
    if client is None:
        raise OperationRefused(
            f"There is no client {client_id}: client add NAME --id {client_id} first, "
            "or client list."
        )
    if client.content.get("disabled"):
        return [f"{client_id} is disabled: client enable {client_id}."]
    return []


def _of_account(
    appid: str, content: Mapping[str, Any], made: Mapping[str, Any]
) -> list[str]:
    """Return why the account's kind or settings make the route do less than it says."""
    kind, found = content["kind"], []
    if kind not in (*PUSHED_KINDS, AUTHORIZED_KIND):
        found.append(
            f"{appid} is of kind {kind}, to which WeChat pushes nothing; it does to "
            f"{', '.join(PUSHED_KINDS)}."
        )
    elif not content.get("token") and kind != AUTHORIZED_KIND:
        found.append(f"{appid} takes no pushes yet: app update {appid} --push.")
    if "hold" in made and kind != "subscription":
        found.append(
            f"hold does nothing for {appid}: it is for kind subscription, and this is "
            f"of kind {kind}. See --late-reply."
        )
    return found


def _write(
    gateway: Gateway, appid: str, found: Document, routes: list[dict[str, Any]]
) -> int:
    rest = {name: v for name, v in found.content.items() if name != "routes"}
    fields = {**rest, "routes": routes} if routes else rest
    content = app_document(appid, fields, kept=found.content)
    return editing.change(gateway, "apps", appid, content, found=found)


def _answer(
    appid: str,
    routes: list[dict[str, Any]],
    made: Mapping[str, Any],
    version: int,
    revealed: Mapping[str, Any],
    warnings: list[str],
) -> dict[str, Any]:
    place = [each["id"] for each in routes].index(made["id"]) + 1
    row = _shown(made, openids=False)
    given = {name: value for name, value in row.items() if value not in (None, {})}
    answer = {"appid": appid, **given, "place": place, **revealed, "version": version}
    return {**answer, **_lost(appid, routes, {"warnings": warnings})}


def _lost(
    appid: str, routes: list[dict[str, Any]], *more: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    return warnings_of("apps", appid, {"routes": routes}, *more)


def _shown(fields: Mapping[str, Any], *, openids: bool) -> dict[str, Any]:
    match = dict(fields.get("match", {}))
    if "openid" in match and not openids:
        match["openid"] = f"{len(match['openid'])} openids"
    is_event = fields.get("format", WECHAT) == EVENT
    mode = "signed" if is_event else ("plain" if _is_plain(fields) else "safe")
    return {
        **{name: fields.get(name) for name in ("id", "client", "url")},
        "format": fields.get("format", WECHAT),
        "mode": mode,
        "match": match,
        "reply": fields.get("reply", False),
        "stop": fields.get("stop", False),
        "late_reply": fields.get("late_reply"),
        "hold": fields.get("hold"),
        "receive_id": fields.get("receive_id"),
        "ordered": fields.get("ordered", False),
        "reply_within": fields.get("reply_within", REPLY_WITHIN),
    }
