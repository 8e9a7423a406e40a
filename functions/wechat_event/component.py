"""Events of a component's authorisation URL: tickets, authorisations, registrations.

An open platform encrypts all of them, and takes only a bare `success` for an answer. It
gets none before the event's effect is durable, and sends the event again.
"""

from __future__ import annotations

from dataclasses import replace

from functions.wechat_event.checked import (
    SUCCESS,
    count,
    query_of,
    refusal,
    refuse_without_token,
    secrets_of,
)
from runtime.crypto.encoding import sha256_hex
from runtime.entry.nudge import nudge
from runtime.errors import GatewayError, NotFound
from runtime.gateway import Gateway
from runtime.push.budgets import InboxFull
from runtime.push.last_seen import ACCEPTED
from runtime.push.message_fields import read_fields, write_xml
from runtime.push.push_message import Message, read_message
from runtime.push.receiving import PushRefused, Received, receive
from runtime.push.routes import Matched, matching
from runtime.registry.models import COMPONENT_KIND, App
from runtime.web.messages import Request, Response
from runtime.wechat.authorizations import AuthorizationCode, AuthorizationLost

REGISTRATIONS = ("notify_third_fasteregister", "notify_third_fastregisterbetaapp")
"""Types of events whose `auth_code` is that of an authorisation."""

SECRETS = ("ComponentVerifyTicket", "AuthorizationCode", "PreAuthCode", "auth_code")
"""Fields that are worth something at WeChat."""


def take_event(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer `success` to an event whose effect is durable."""
    component = component_of(gateway, appid)
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
        outcome = _take(request, gateway, component, received)
    except PushRefused as refused:
        return refusal(request, gateway, component, refused)
    except InboxFull:
        count(gateway, component, "full")
        raise
    except GatewayError:
        count(gateway, component, "not_acknowledged")
        raise
    count(gateway, component, outcome)
    gateway.last_seen.note(component.appid, "taken", ACCEPTED)
    return SUCCESS


def component_of(gateway: Gateway, appid: str) -> App:
    """Return the component; NotFound for any other id, and without its secrets."""
    app = gateway.registry.own_app(appid)
    if app is None or app.kind != COMPONENT_KIND:
        raise NotFound
    if not app.takes_component_events:
        refuse_without_token(gateway, app)
    return app


def _take(
    request: Request, gateway: Gateway, component: App, received: Received
) -> str:
    """Do what an event says, and return what came of it for the counts."""
    message = received.message
    if message.info_type == "component_verify_ticket":
        ticket = _needed(received, "ComponentVerifyTicket")
        gateway.verify_tickets.put(component.appid, ticket, created=_created(received))
        _journal(request, gateway, component, received, if_relayed=True)
        return "ticket"
    if message.info_type in ("authorized", "updateauthorized"):
        account = _needed(received, "AuthorizerAppid")
        code = _needed(received, "AuthorizationCode")
        if not _authorize(gateway, component, received, code=code, account=account):
            return "authorization_lost"
    elif message.info_type == "unauthorized":
        account = _needed(received, "AuthorizerAppid")
        gateway.authorizations.withdraw(component, account, at=_created(received))
    elif message.info_type in REGISTRATIONS and message.get("auth_code"):
        account, code = message.get("appid"), message.get("auth_code")
        if not _authorize(gateway, component, received, code=code, account=account):
            return "authorization_lost"
    return _journal(request, gateway, component, received)


def _authorize(
    gateway: Gateway, component: App, received: Received, *, code: str, account: str
) -> bool:
    """Take an authorisation; False if its code is of no use.

    Then the operator knows; the platform cannot help by sending it again.
    """
    came = AuthorizationCode(code, _created(received), account)
    try:
        gateway.authorizations.take(component, came, way="event")
    except AuthorizationLost:
        return False
    return True


def _journal(
    request: Request,
    gateway: Gateway,
    component: App,
    received: Received,
    *,
    if_relayed: bool = False,
) -> str:
    """Store an event, with a copy for each route of the component that fits.

    No route answers: the platform takes `success` only.
    """
    matched = matching(
        component.routes, received.message, client=gateway.registry.client
    )
    repliers = (matched.replier,) if matched.replier else ()
    copies = Matched(copies=(*repliers, *matched.copies))
    if if_relayed and not copies.copies:
        return ""
    shown = replace(received, message=_without_secrets(received.message))
    is_new = gateway.inbox.store(component.appid, shown, copies).is_new
    if copies.copies:
        nudge(request.context, gateway)
    return "stored" if is_new else "equal"


def _without_secrets(message: Message) -> Message:
    """Return the event with a mark in place of each of WeChat's own secrets.

    They never leave the gateway: a ticket opens all accounts of a component. By the
    marks two events of one second are told apart, which would be equal without them.
    """
    found = {name: message.get(name) for name in SECRETS}
    hidden = {name: _mark(value) for name, value in found.items() if value}
    if not hidden:
        return message
    return read_message(write_xml({**read_fields(message), **hidden}))


def _mark(secret: str) -> str:
    return f"hidden:{sha256_hex(secret)[:16]}"


def _needed(received: Received, name: str) -> str:
    value = received.message.get(name)
    if not value:
        raise PushRefused("unreadable")
    return value


def _created(received: Received) -> int:
    """Return when the platform made the event; the push's time if it does not say."""
    text = received.message.get("CreateTime")
    is_number = text.isascii() and text.isdigit() and len(text) < 12
    return int(text) if is_number else received.timestamp
