"""Token and ticket endpoints, with WeChat's own fields and order of checks."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from functions.wechat_api.authentication import (
    caller_for_app,
    caller_of,
    client_of_account,
    rate_cost_of,
)
from functions.wechat_api.report import note
from runtime.broker.client_proof import client_by_secret, wrong_secret
from runtime.broker.redirect_uris import not_granted
from runtime.entry.dialects import WECHAT_JSON
from runtime.errors import ApiRefused, BadRequest
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, WECOM_ID
from runtime.registry.models import App, Client
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS, Caller
from runtime.web.messages import Request, Response, json_response
from runtime.web.request_causes import shown_id
from runtime.wechat.credentials import TICKET_TYPES

TICKET_PATH = "/cgi-bin/ticket/getticket"
_WECOM_TICKET_PATHS = {
    "jsapi": "/cgi-bin/get_jsapi_ticket",
    "agent_config": "/cgi-bin/ticket/get",
}
"""The path, and so the scope, by which a client reads a ticket of this type."""


def token(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/token: a gateway token for appid and client secret."""
    return _issue(request, request.first_arguments, gateway)


def stable_token(request: Request, gateway: Gateway) -> Response:
    """Answer POST /cgi-bin/stable_token: the same; the query is not read.

    `force_refresh` is ignored: no client can end another one's token.
    """
    content = request.json()
    return _issue(request, content if isinstance(content, dict) else {}, gateway)


def ticket(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/ticket/getticket: the ticket and its remaining life."""
    app, caller = caller_of(request, gateway)
    return _ticket(request, gateway, app, caller)


def ticket_for_app(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer the same for the app that the path names."""
    app, caller = caller_for_app(request, gateway, appid, scope=TICKET_PATH)
    return _ticket(request, gateway, app, caller)


def reject_ticket(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer POST /{appid}/ticket/reject: WeChat, or wx.config, refused this ticket.

    Whoever may read tickets may reject one, as often as custody allows. If it is still
    the stored one, WeChat is asked before the answer; `replaced` tells whether it gave
    another one.
    """
    scope = _WECOM_TICKET_PATHS.get(_named_type(request), TICKET_PATH)
    scope = scope if re.fullmatch(WECOM_ID, appid) else TICKET_PATH
    app, caller = caller_for_app(request, gateway, appid, scope=scope)
    value, type_ = _rejected(request, gateway.calls_of(app).ticket_types)
    cost = rate_cost_of(caller, gateway)
    stored = gateway.calls_of(app).ticket(app, type_, cost=cost)
    source = gateway.calls_of(app).ticket_source(app, type_)
    dropped = gateway.custody.reject(source, value)
    if dropped:
        stored = gateway.calls_of(app).ticket(app, type_)
    note(request, caller, "ticket_dropped" if dropped else "ticket_kept")
    return json_response(
        {
            "dropped": dropped,
            "replaced": stored.value != value,
            "expires_in": int(stored.seconds),
        }
    )


def _named_type(request: Request) -> str:
    content = request.json()
    return (
        str(content.get("type", TICKET_TYPES[0])) if isinstance(content, dict) else ""
    )


def _rejected(request: Request, types: Collection[str]) -> tuple[str, str]:
    content = request.json()
    if not isinstance(content, dict):
        raise BadRequest
    value, type_ = content.get("ticket"), content.get("type", TICKET_TYPES[0])
    if not isinstance(value, str) or not value.isascii() or not value:
        raise BadRequest
    if type_ not in types:
        raise ApiRefused(40097, "unknown_ticket_type")
    return value, type_


def _ticket(request: Request, gateway: Gateway, app: App, caller: Caller) -> Response:
    type_ = request.argument("type")
    # Tickets of WeCom have paths and so scopes of their own.
    if app.is_wecom or type_ not in gateway.calls_of(app).ticket_types:
        raise ApiRefused(40097, "unknown_ticket_type")
    stored = gateway.calls_of(app).ticket(
        app, type_, cost=rate_cost_of(caller, gateway)
    )
    note(request, caller, "ticket_read")
    content = {"errcode": 0, "errmsg": "ok", "ticket": stored.value}
    return _answer({**content, "expires_in": int(stored.seconds)})


def _issue(request: Request, fields: dict[str, Any], gateway: Gateway) -> Response:
    appid, secret = fields.get("appid"), fields.get("secret")
    if not appid:
        raise ApiRefused(41002, "appid_missing")
    # Check the form first: looking up an unknown id lists the whole store.
    formed = isinstance(appid, str) and re.fullmatch(APPID, appid)
    if not formed:
        cause = f"appid is {shown_id(str(appid), APPID)}"
        raise ApiRefused(40013, "unknown_appid", cause=cause)
    if gateway.registry.own_app(appid) is None:
        text = secret if isinstance(secret, str) else ""
        client_of_account(request, gateway, appid, text)
    if fields.get("grant_type") != "client_credential":
        raise ApiRefused(40002, "invalid_grant_type")
    if not secret:
        raise ApiRefused(41004, "secret_missing")
    client = _client(request, secret, gateway)
    if gateway.registry.scopes_of(client, appid) is None:
        cause = not_granted(client, appid)
        raise ApiRefused(48001, "app_not_granted", cause=cause)
    token = gateway.gateway_tokens.issue(client, appid, now=gateway.clock())
    return _answer({"access_token": token, "expires_in": GATEWAY_TOKEN_SECONDS})


def _client(request: Request, secret: object, gateway: Gateway) -> Client:
    text = secret if isinstance(secret, str) else ""
    client = client_by_secret(request, gateway, text)
    if client is None:
        cause = wrong_secret(gateway, None)
        raise ApiRefused(40125, "invalid_client_secret", cause=cause)
    return client


def _answer(content: dict[str, Any]) -> Response:
    response = json_response(content)
    headers = (("Content-Type", WECHAT_JSON), *response.headers[1:])
    return Response(200, headers, response.body)
