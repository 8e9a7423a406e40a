"""Command `push test`: sends a made-up message through a route.

It shows what the service has answered, and what is wrong with that.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID
from runtime.operations.push_reasons import ANSWERS, TARGETS
from runtime.operations.refusals import UnknownDocument
from runtime.push.event_format import event_request
from runtime.push.holds import holds_for
from runtime.push.late_reply import seconds_for, sends_late
from runtime.push.passive_replies import TRANSFER, BadReply, may_be_passive
from runtime.push.push_message import Message
from runtime.push.routes import Route, addressed, matches, receive_id_of
from runtime.push.sample_messages import TYPES, sample_message
from runtime.push.wechat_format import RouteRequest, passive_reply, request_to
from runtime.registry.models import App
from runtime.registry.routes import EVENT
from runtime.registry.rules import text, word
from runtime.registry.schema import checked_fields
from runtime.upstream.answer import Answer
from runtime.upstream.outbound import TargetFault

LONGEST_SECONDS = 30.0
"""How long a service may take here, so that a slow one is measured."""

LONGEST_SHOWN = 500
"""Characters of an answer that is no reply."""

_RULES = {
    "appid": ID,
    "route": ID,
    "type": word(*TYPES),
    "text": text(r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]{1,600}", "1 to 600 letters"),
    "data": word("xml", "json"),
}


def try_route(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Send a message of `type` to a route, and return what the service has answered.

    The route gets it whether or not it fits; `fits` tells. Nothing is stored, and
    nobody else gets it. `faults` are what would keep users from the reply.
    """
    known = checked_fields(arguments, _RULES, needed=("appid", "route"))
    appid = known["appid"]
    editing.find(gateway, "apps", appid)
    app = gateway.registry.own_app(appid)
    route = _route(app, known["route"]) if app else None
    if app is None or route is None:
        raise UnknownDocument(
            f"There is no route {known['route']} of {appid}: push route list {appid} "
            "lists them."
        )
    message = sample_message(
        known.get("type", "text"),
        now=gateway.clock(),
        number=secrets.randbelow(10**15) + 10**15,
        text=known.get("text", ""),
        is_json=known.get("data", "xml") == "json",
    )
    route = addressed(route, appid)
    receive_id = receive_id_of(route, gateway.registry.app(appid) or app, appid)
    request = _request(gateway, route, message, appid, receive_id)
    shown = {
        **{"appid": appid, "route": route.id, "type": known.get("type", "text")},
        "fits": matches(route, message),
    }
    began = clock()
    try:
        answer = gateway.outbound.call(
            request.url,
            headers=request.headers,
            body=request.body,
            seconds=LONGEST_SECONDS,
        )
    except TargetFault as fault:
        sentence = TARGETS.get(fault.reason, fault.reason)
        came = f" ({fault.address})" if fault.address else ""
        return {**shown, "faults": [f"{fault.reason}{came}: {sentence}"]}
    took = clock() - began
    found = {**shown, "status": answer.status, "milliseconds": round(took * 1000)}
    found |= _answered(gateway, app, route, message, answer, receive_id)
    if "reply" in found and route.reply and found["reply"] != "none":
        found |= _carried(app, route, message, found["reply"]["MsgType"], took)
    faults = _faults(answer) + found.pop("faults", [])
    return {**found, **({"faults": faults} if faults else {})}


def _route(app: App, id_: str) -> Route | None:
    return next((each for each in app.routes if each.id == id_), None)


def _request(
    gateway: Gateway, route: Route, message: Message, appid: str, receive_id: str
) -> RouteRequest:
    now = gateway.clock()
    if route.format == EVENT:
        source = f"{gateway.settings.public_base_url}/wechat_event/{appid}"
        return event_request(route, message, appid=appid, source=source, now=now)
    nonce = str(secrets.randbelow(10**10))
    return request_to(route, message, receive_id=receive_id, now=now, nonce=nonce)


def _answered(
    gateway: Gateway,
    app: App,
    route: Route,
    message: Message,
    answer: Answer,
    receive_id: str,
) -> dict[str, Any]:
    """Return what the answer says, decrypted, and what is wrong with it."""
    if route.format == EVENT or not 200 <= answer.status < 300:
        return {"answer": _beginning(answer.body)}
    try:
        reply = passive_reply(
            answer.body,
            route,
            message,
            receive_id=receive_id,
            mini_program=app.kind == "miniprogram",
            may_send=sends_late(route, app),
            longest_text=gateway.settings.push_text_bytes,
        )
    except BadReply as bad:
        fault = f"{bad.reason}: {ANSWERS[bad.reason]}"
        return {"answer": _beginning(answer.body), "faults": [fault]}
    if reply is None:
        return {"answer": _beginning(answer.body) or "empty", "reply": "none"}
    found = {
        "answer": "encrypted" if b"Encrypt" in answer.body else "plain",
        "reply": reply.fields,
    }
    if not route.reply:
        fault = "no_reply: the route has no --reply, so users do not get this"
        return {**found, "faults": [fault]}
    return found


def _carried(
    app: App, route: Route, message: Message, type_: str, took: float
) -> dict[str, Any]:
    """Return how such a reply would get to the user, or why it would not."""
    is_passive = may_be_passive(type_, mini_program=app.kind == "miniprogram")
    sends = sends_late(route, app)
    if took <= route.reply_within and is_passive:
        return {"reaches_user_by": "the answer to WeChat"}
    if sends and type_ != TRANSFER and took <= seconds_for(message):
        return {"reaches_user_by": "a customer-service message"}
    if took <= holds_for(route, app):
        return {"reaches_user_by": "a request of WeChat that is held"}
    mend = "this MsgType cannot be sent later" if sends else "see --late-reply, --hold"
    fault = (
        f"late: it took {took:.1f} s, and WeChat gets `success` after "
        f"{route.reply_within:g} s; {mend}"
    )
    return {"faults": [fault]}


def _faults(answer: Answer) -> list[str]:
    if 200 <= answer.status < 300:
        return []
    return [f"status_{answer.status}: {TARGETS['status']}"]


def _beginning(body: bytes) -> str:
    text_ = body.decode(errors="replace")
    return text_ if len(text_) <= LONGEST_SHOWN else f"{text_[:LONGEST_SHOWN]} …"
