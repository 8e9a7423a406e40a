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
from runtime.operations.push_reasons import TARGETS, reply_fault
from runtime.operations.refusals import UnknownDocument
from runtime.push.event_format import event_request
from runtime.push.holds import holds_for
from runtime.push.late_reply import seconds_for, sends_late
from runtime.push.passive_replies import (
    MESSAGES,
    BadReply,
    may_be_passive,
    sender_for,
)
from runtime.push.push_message import Message
from runtime.push.routes import Route, addressed, matches, receive_id_of
from runtime.push.sample_messages import TYPES, sample_message
from runtime.push.wechat_format import RouteRequest, passive_reply, request_to
from runtime.push.wecom_replies import robot_type
from runtime.push.wecom_samples import robot_sample, wecom_sample, wecom_types
from runtime.registry.models import App
from runtime.registry.routes import EVENT
from runtime.registry.rules import text, word
from runtime.registry.schema import InvalidDocument, checked_fields
from runtime.upstream.answer import Answer
from runtime.upstream.outbound import TargetFault

LONGEST_SECONDS = 30.0
"""How long a service may take here, so that a slow one is measured."""

LONGEST_SHOWN = 500
"""Characters of an answer that is no reply."""

_RULES = {
    "appid": ID,
    "route": ID,
    "type": text(r"[A-Za-z_]{1,40}", "a type of messages or events"),
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
    type_, of_wecom = known.get("type", "text"), app.is_wecom
    is_json = known.get("data", "xml") == "json"
    types = wecom_types(of_robot=is_json) if of_wecom else TYPES
    if type_ not in types:
        raise InvalidDocument("type", f"must be one of {', '.join(types)}")
    now, number = gateway.clock(), secrets.randbelow(10**15) + 10**15
    text_ = known.get("text", "")
    if of_wecom and is_json:
        message = robot_sample(type_, now=now, number=number, text=text_)
    elif of_wecom:
        message = wecom_sample(app, type_, now=now, number=number, text=text_)
    else:
        message = sample_message(
            type_, now=now, number=number, text=text_, is_json=is_json
        )
    route = addressed(route, appid)
    account = gateway.registry.app(appid) or app
    receive_id = receive_id_of(route, account, appid, message)
    request = _request(gateway, app, route, message, receive_id)
    shown = {
        **{"appid": appid, "route": route.id, "type": type_},
        "fits": matches(route, message, of_wecom=of_wecom),
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
        reply = found["reply"]
        carried = reply.get("MsgType") or robot_type(reply)
        found |= _carried(app, route, message, carried, took)
    faults = _faults(answer) + found.pop("faults", [])
    return {**found, **({"faults": faults} if faults else {})}


def _route(app: App, id_: str) -> Route | None:
    return next((each for each in app.routes if each.id == id_), None)


def _request(
    gateway: Gateway, app: App, route: Route, message: Message, receive_id: str
) -> RouteRequest:
    now, of_wecom = gateway.clock(), app.is_wecom
    if route.format == EVENT:
        source = f"{gateway.settings.public_base_url}/wechat_event/{app.appid}"
        return event_request(
            route, message, appid=app.appid, source=source, now=now, of_wecom=of_wecom
        )
    return request_to(
        route,
        message,
        receive_id=receive_id,
        now=now,
        nonce=str(secrets.randbelow(10**10)),
        of_wecom=of_wecom,
    )


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
            sender=sender_for(app),
            may_send=sends_late(route, app),
            longest_text=gateway.settings.push_text_bytes,
        )
    except BadReply as bad:
        fault = f"{bad.reason}: {reply_fault(bad.reason, app.kind)}"
        return {"answer": _beginning(answer.body), "faults": [fault]}
    if reply is None:
        return {"answer": _beginning(answer.body) or "empty", "reply": "none"}
    found = {
        "answer": "encrypted" if b"ncrypt" in answer.body else "plain",
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
    is_passive = may_be_passive(type_, sender_for(app))
    sends = sends_late(route, app)
    if took <= route.reply_within and is_passive:
        by = "the answer to WeCom" if app.is_wecom else "the answer to WeChat"
        return {"reaches_user_by": by}
    is_sent = sends and type_ in MESSAGES[sender_for(app)] and bool(message.to_user)
    if is_sent and took <= seconds_for(message):
        of_account = "a customer-service message"
        by = "a message of the app" if app.is_wecom else of_account
        return {"reaches_user_by": by}
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
