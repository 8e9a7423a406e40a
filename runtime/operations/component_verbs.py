"""Commands on components of the open platform, and on the accounts that authorise them.

What is to be entered in the open platform's console is printed with the console's own
words for its fields.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from runtime.errors import ServiceUnavailable, hint_of
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.component_console import domain_entries, push_entries, rows
from runtime.operations.editing import ID, split
from runtime.operations.refusals import (
    OperationRefused,
    UnknownDocument,
    UnreadableDocument,
)
from runtime.registry.authorizers import Authorizer, parties_of
from runtime.registry.models import COMPONENT_KIND, App
from runtime.registry.rules import whole
from runtime.registry.schema import InvalidDocument, app_document, checked_fields
from runtime.wechat.verify_tickets import OLD_SECONDS, start_push

PULL_SECONDS = 40.0
"""How long `pull` looks at accounts: Function Compute gives a call a minute."""

MOST_LISTED = 5000

AT_ONCE = 8

_LETTERS = string.ascii_letters + string.digits


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new component, and return what to enter in the console.

    Token and AES key are made, unless they are given.
    """
    named, fields = split(arguments, "appid")
    if "kind" in fields:
        raise InvalidDocument("kind", "is component for this verb")
    appid = str(named.get("appid", ""))
    made = {"token": _random(32), "encoding_aes_key": _random(43)}
    content = app_document(appid, {"kind": COMPONENT_KIND, **made, **fields})
    version = editing.create(gateway, "apps", appid, content)
    token, key = content["token"], content["encoding_aes_key"]
    entries = push_entries(gateway, appid, token=token, key=key)
    return {
        "component": appid,
        "version": version,
        "enter": rows({**entries, **domain_entries(gateway)}),
        "then": f"Save the console's form. WeChat pushes a ticket every ten minutes: "
        f"component status {appid} tells whether one came, app check {appid} "
        "--secrets shows Token and Key again.",
    }


def status(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of all components, or of one with what to do next."""
    appid = checked_fields(arguments, {"appid": ID}).get("appid")
    if appid is None:
        components = gateway.registry.components()
        return {"components": [_state(gateway, each) for each in components]}
    component = _component(gateway, appid)
    state = _state(gateway, component)
    missing = f"not set: app update {appid} --push"
    shown = f"set; app check {appid} --secrets shows it"
    entries = push_entries(
        gateway,
        appid,
        token=shown if component.token else missing,
        key=shown if component.encoding_aes_key else missing,
    )
    advice = _advice(component, state)
    return {
        **state,
        "enter": rows({**entries, **domain_entries(gateway)}),
        **({"advice": advice} if advice else {}),
    }


def start_pushes(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Ask WeChat to push tickets, and return whether it had stopped."""
    component = _component_of(gateway, arguments)
    had_stopped = start_push(gateway.wechat, component)
    return {
        "component": component.appid,
        "outcome": "started" if had_stopped else "was running",
        "meaning": (
            "WeChat had stopped, and pushes a ticket within ten minutes."
            if had_stopped
            else "WeChat says that it pushes. If no ticket comes, compare the URL in "
            f"the console: component status {component.appid}"
        ),
    }


def list_authorizers(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accounts that have authorised a component, or have withdrawn."""
    rules = {"appid": ID, "limit": whole(1, MOST_LISTED)}
    known = checked_fields(arguments, rules, needed=("appid",))
    component = _component(gateway, known["appid"])
    ids = authorized_ids(gateway, component.appid)
    shown = ids[: known.get("limit", MOST_LISTED)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(_reader(gateway, component), shown))
    faults = [each for each in found if isinstance(each, str)]
    return {
        "component": component.appid,
        "number": len(ids),
        "authorizers": [_row(each) for each in found if isinstance(each, Authorizer)],
        **({"unreadable": faults} if faults else {}),
        **({"not_shown": len(ids) - len(shown)} if len(shown) < len(ids) else {}),
    }


def pull(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the gaps of our documents from WeChat's list; nothing is deleted."""
    component = _component_of(gateway, arguments)
    pulled = gateway.authorizer_list.pull(component, seconds=PULL_SECONDS)
    advice = []
    if pulled.not_exchanged:
        advice.append(
            "Of not_exchanged no code was ever exchanged: each account has to change "
            "its permission sets, by one more or one less."
        )
    if pulled.failed:
        advice.append("What failed is in the log; run this command again.")
    if pulled.left:
        advice.append("Time was up; run this command again for the rest.")
    answer = {"component": component.appid, **asdict(pulled)}
    return {**answer, **({"advice": advice} if advice else {})}


def authorized_ids(gateway: Gateway, component: str) -> list[str]:
    """Return the appids of all accounts of a component that a document names."""
    ids = gateway.registry.authorized_ids(first=30.0)
    parties = filter(None, map(parties_of, ids))
    return sorted(appid for owner, appid in parties if owner == component)


def _state(gateway: Gateway, component: App) -> dict[str, Any]:
    ticket = gateway.verify_tickets.newest(component.appid)
    source = gateway.component_tokens.component_source(component)
    token = gateway.upkeep.describe(source)
    return {
        "component": component.appid,
        "ticket": _ticket_state(component, ticket.age if ticket else None),
        "ticket_age": ticket.age if ticket else None,
        "token_remaining": token.remaining,
        "token_error": token.errcode,
        "token_errmsg": token.errmsg,
        "authorizers": len(authorized_ids(gateway, component.appid)),
        "unfinished": gateway.authorizations.unfinished(component),
    }


def _ticket_state(component: App, age: float | None) -> str:
    if not component.takes_component_events:
        return "not set up"
    if age is None:
        return "missing"
    return "old" if age > OLD_SECONDS else "ok"


def _advice(component: App, state: Mapping[str, Any]) -> list[str]:
    appid, advice = component.appid, []
    if state["ticket"] == "not set up":
        advice.append(f"Token or AES key is missing: app update {appid} --push")
    elif state["ticket"] == "missing":
        advice.append(
            "No ticket has come. Enter the values above in the open platform's "
            f"console, then run component start-push {appid}; a refused push stands "
            "in the log, and app check names the reason."
        )
    elif state["ticket"] == "old":
        advice.append(
            "WeChat pushes a ticket every ten minutes, and none has come for half an "
            f"hour: component start-push {appid}"
        )
    if state["token_error"] is not None:
        errcode, errmsg = state["token_error"], state["token_errmsg"] or ""
        advice.append(hint_of(errcode, errmsg) or f"WeChat said {errcode}: {errmsg}")
    if state["unfinished"]:
        advice.append(
            "Unfinished authorisations are stored in Redis; the function refresh goes "
            "on with them, and the log says why it has not yet."
        )
    return advice


def _component_of(gateway: Gateway, arguments: Mapping[str, Any]) -> App:
    known = checked_fields(arguments, {"appid": ID}, needed=("appid",))
    return _component(gateway, known["appid"])


def _component(gateway: Gateway, appid: str) -> App:
    if editing.read(gateway, "apps", appid) is None:
        raise UnknownDocument(
            f"There is no component {appid}: component status lists them, "
            f"component add {appid} adds it."
        )
    app = gateway.registry.own_app(appid)
    if app is None or app.kind != COMPONENT_KIND:
        raise OperationRefused(
            f"{appid} is no component: component status lists them. If it has "
            f"authorised one, app show {appid} names that."
        )
    return app


def _reader(gateway: Gateway, component: App) -> Callable[[str], Authorizer | str]:
    def read(appid: str) -> Authorizer | str:
        try:
            found = gateway.registry.authorizer(component.appid, appid)
        except UnreadableDocument:
            return appid
        if found is None:
            raise ServiceUnavailable
        return found

    return read


def _row(found: Authorizer) -> dict[str, Any]:
    at = found.authorized_at if found.stands else found.unauthorized_at
    moment = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")
    return {
        "appid": found.appid,
        "kind": found.kind,
        "user_name": found.user_name,
        "state": found.state,
        "since": moment if at else None,
        "permission_sets": list(found.permission_sets),
        "version": found.revision,
    }


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
