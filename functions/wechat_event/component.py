"""Events of a component's authorisation URL: tickets, authorisations, registrations.

An open platform encrypts all of them, and takes only a bare `success` for an answer.
"""

from __future__ import annotations

from functions.wechat_event.checked import (
    SUCCESS,
    count,
    query_of,
    refusal,
    refuse_without_token,
    secrets_of,
)
from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.push.budgets import InboxFull
from runtime.push.last_seen import ACCEPTED
from runtime.push.receiving import PushRefused, Received, receive
from runtime.registry.models import App
from runtime.web.messages import Request, Response


def take_event(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer `success` to an event whose effect is stored."""
    component = _component(gateway, appid)
    try:
        received = receive(
            query_of(request),
            request.body,
            secrets_of(component),
            now=gateway.redis_store.time(),
            age=gateway.settings.push_age_seconds,
        )
        if received.message.get("AppId") != component.appid:
            raise PushRefused("receive_id")
        outcome = _take(gateway, component, received)
    except PushRefused as refused:
        return refusal(request, gateway, component, refused)
    except InboxFull:
        count(gateway, component, "full")
        raise
    count(gateway, component, outcome)
    gateway.last_seen.note(component.appid, "taken", ACCEPTED)
    return SUCCESS


def _take(gateway: Gateway, component: App, received: Received) -> str:
    message = received.message
    if message.info_type != "component_verify_ticket":
        is_new = gateway.inbox.store(component.appid, received).is_new
        return "stored" if is_new else "equal"
    ticket = message.get("ComponentVerifyTicket")
    if not ticket:
        raise PushRefused("unreadable")
    gateway.verify_tickets.put(component.appid, ticket, created=_created(received))
    return "ticket"


def _created(received: Received) -> int:
    """Return when the platform made the event; the push's time if it does not say."""
    text = received.message.get("CreateTime")
    is_number = text.isascii() and text.isdigit() and len(text) < 12
    return int(text) if is_number else received.timestamp


def _component(gateway: Gateway, appid: str) -> App:
    app = gateway.registry.own_app(appid)
    if app is None:
        raise NotFound
    if not app.takes_component_events:
        refuse_without_token(gateway, app)
    return app
