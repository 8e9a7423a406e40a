"""Fields of a route: the rule for each value, and for all routes of an app."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.registry.ids import CLIENT_ID
from runtime.registry.routes import (
    ACCOUNT,
    COMPONENT,
    CUSTOMER_SERVICE,
    EVENT,
    OFF,
    WECHAT,
)
from runtime.registry.rules import (
    Fault,
    Rule,
    aes_key,
    between,
    flag,
    many,
    push_token,
    target_url,
    text,
    whole,
    word,
)

MOST_ROUTES = 50

LONGEST_HOLD = 14
"""Seconds: WeChat sends a push three times, five seconds apart, and then no more."""

_word = text(r"[A-Za-z0-9_]{1,64}", "1 to 64 letters, digits or _")
_openid = text(r"[A-Za-z0-9_.@/-]{1,128}", "an openid or a userid")
_glob = text(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,128}", "1 to 128 characters, a line")

MATCH: Mapping[str, Rule] = {
    "msg_type": many(_word, least=1),
    "event": many(_word, least=1),
    "info_type": many(_word, least=1),
    "openid": many(_openid, least=1),
    "event_key": many(_glob, least=1, most=20),
    "content": many(_glob, least=1, most=20),
}
"""Fields that a route may compare."""

_NAMES = " or ".join(", ".join(MATCH).rsplit(", ", 1))


def _match(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Fault(f"must be lists by field, of {', '.join(MATCH)}")
    for name in value:
        if name not in MATCH:
            raise Fault(f"has the field {str(name)[:40]!r}: it may be {_NAMES}")
    return {name: _of(name, MATCH[name], v) for name, v in value.items()}


ROUTE_RULES: Mapping[str, Rule] = {
    "id": text(r"[a-z0-9]{4,32}", "4 to 32 letters or digits"),
    "client": text(CLIENT_ID, "the id of a client"),
    "url": target_url,
    "format": word(WECHAT, EVENT),
    "match": _match,
    "reply": flag,
    "stop": flag,
    "token": push_token,
    "encoding_aes_key": aes_key,
    "secret": text(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", "whsec_ and base64"),
    "late_reply": word(CUSTOMER_SERVICE, OFF),
    "hold": whole(1, LONGEST_HOLD),
    "receive_id": word(COMPONENT, ACCOUNT),
    "ordered": flag,
    "reply_within": between(0.5, 4.5),
}
"""Each field of a route and the rule for its value."""

_NEEDED = ("id", "client", "url")


def routes(value: Any, *, kept: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Accept the routes of an app, in their order.

    `kept` are those that a change begins with: what a route has of one of them is not
    checked, since a later version of the gateway may have written it.
    """
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ROUTES:
        raise Fault(f"must be a list of 0 to {MOST_ROUTES}")
    old = {
        each["id"]: each for each in kept if isinstance(each, Mapping) and "id" in each
    }
    checked = [_numbered(place, each, old) for place, each in enumerate(value, 1)]
    ids = [each["id"] for each in checked]
    if len(set(ids)) < len(ids):
        raise Fault("must not have one id twice")
    return checked


def _numbered(
    place: int, value: Any, kept: Mapping[Any, Mapping[str, Any]]
) -> dict[str, Any]:
    try:
        if not isinstance(value, Mapping):
            raise Fault("must be an object")
        id_ = value.get("id")
        return route(value, kept=kept.get(id_, {}) if isinstance(id_, str) else {})
    except Fault as fault:
        raise Fault(f"number {place}: {fault}") from None


def route(
    value: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Accept one route; Fault names the field of it. `kept` is as in `routes`."""
    old = kept or {}
    if value == old:
        return dict(value)
    same = {name: v for name, v in value.items() if name in old and old[name] == v}
    for name in value:
        if name not in ROUTE_RULES and name not in same:
            raise Fault(f"{_shown(name)} is not known here")
    for name in _NEEDED:
        if name not in value:
            raise Fault(f"{name} is missing")
    checked = {
        name: same[name] if name in same else _of(name, rule, value[name])
        for name, rule in ROUTE_RULES.items()
        if name in value
    }
    _agree(checked)
    return checked | {name: v for name, v in same.items() if name not in checked}


def _agree(route: Mapping[str, Any]) -> None:
    """Raise Fault if two fields contradict each other."""
    if route.get("format", WECHAT) == EVENT:
        for name in (
            "token",
            "encoding_aes_key",
            "reply",
            "receive_id",
            "late_reply",
            "hold",
        ):
            if route.get(name):
                raise Fault(f"{name} is not for format event")
        if "secret" not in route:
            raise Fault("secret is missing: format event is signed with it")
        return
    if "secret" in route:
        raise Fault("secret is for format event alone")
    if "token" not in route:
        raise Fault("token is missing: format wechat is signed with it")
    if not route.get("reply"):
        for name in ("late_reply", "hold", "reply_within"):
            if name in route:
                raise Fault(f"{name} is for a route with reply")
    if route.get("hold") and route.get("late_reply") == CUSTOMER_SERVICE:
        raise Fault("hold must not be there with late_reply customer_service")


def _of(name: str, rule: Rule, value: Any) -> Any:
    try:
        return rule(value)
    except Fault as fault:
        raise Fault(f"{name} {fault}") from None


def _shown(name: Any) -> str:
    # If name and value were mixed up, this is the value, and may be a secret.
    return name if re.fullmatch(r"[a-z_]{1,28}", str(name)) else "a name"
