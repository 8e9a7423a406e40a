"""WeCom's own token, ticket and robot paths, for its SDKs.

An SDK has the corpid, and as corpsecret `NAME:SECRET`, the app's name and the client's
secret, or the secret alone where that says which app is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.wechat_api.authentication import (
    caller_for_app,
    caller_of,
    rate_cost_of,
    token_of,
)
from functions.wechat_api.forwarding import forwarded
from functions.wechat_api.report import note
from functions.wechat_api.wecom_dialect import WECOM_JSON
from runtime.broker.client_proof import client_by_secret, wrong_secret
from runtime.broker.redirect_uris import not_granted
from runtime.errors import ApiRefused, NotFound
from runtime.gateway import Gateway
from runtime.registry.ids import CORPID, WECOM_ID
from runtime.registry.models import App, Client
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS, Caller
from runtime.web.authorization_header import scheme_of
from runtime.web.messages import Request, Response
from runtime.web.request_causes import listed, shown_id, shown_path

AGENT_CONFIG = "agent_config"


def gettoken(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/gettoken: a gateway token for corpid and client secret."""
    fields = request.first_arguments
    corpid, secret = fields.get("corpid"), fields.get("corpsecret")
    if not corpid:
        raise ApiRefused(41002, "corpid_missing")
    if not secret:
        raise ApiRefused(41004, "corpsecret_missing")
    if not re.fullmatch(CORPID, corpid):
        cause = f"corpid is {shown_id(corpid, CORPID)}"
        raise ApiRefused(40013, "unknown_corpid", cause=cause)
    name, colon, rest = secret.partition(":")
    client = _client(request, gateway, rest if colon else secret)
    appid = _app_of(client, corpid, name if colon else "")
    if gateway.registry.own_app(appid) is None:
        raise ApiRefused(40013, "unknown_corpid", cause=f"there is no app {appid}")
    token = gateway.gateway_tokens.issue(client, appid, now=gateway.clock())
    return _answer({"access_token": token, "expires_in": GATEWAY_TOKEN_SECONDS})


def jsapi_ticket(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/get_jsapi_ticket: the corp's ticket, for wx.config."""
    app, caller = caller_of(request, gateway)
    return _ticket(request, gateway, app, caller, "jsapi")


def jsapi_ticket_for_app(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer the same for the app that the path names."""
    scope = "/cgi-bin/get_jsapi_ticket"
    app, caller = caller_for_app(request, gateway, appid, scope=scope)
    return _ticket(request, gateway, app, caller, "jsapi")


def agent_ticket(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/ticket/get: the app's ticket, for wx.agentConfig."""
    app, caller = caller_of(request, gateway)
    return _agent_ticket(request, gateway, app, caller)


def agent_ticket_for_app(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer the same for the app that the path names."""
    scope = "/cgi-bin/ticket/get"
    app, caller = caller_for_app(request, gateway, appid, scope=scope)
    return _agent_ticket(request, gateway, app, caller)


def robot(request: Request, gateway: Gateway, verb: str) -> Response:
    """Answer /cgi-bin/webhook/{verb}?key=NAME: a robot of the app posts to its group.

    The name stands where WeCom's key would. It comes beside a gateway token, or as
    `NAME:SECRET` with the client's secret, where an SDK sends nothing else.
    """
    path = f"/cgi-bin/webhook/{verb}"
    named = request.argument("key") or ""
    if token_of(request):
        app, caller = caller_of(request, gateway)
    else:
        name, _, secret = named.partition(":")
        if not secret:
            raise ApiRefused(41001, "access_token_missing")
        client = _client(request, gateway, secret)
        app, caller = _app_with_robot(gateway, client, name, path)
        named = name
    return _posted(request, gateway, app, caller, path=path, name=named)


def robot_for_app(
    request: Request, gateway: Gateway, appid: str, verb: str
) -> Response:
    """Answer the same for the app that the path names."""
    path, sent = f"/cgi-bin/webhook/{verb}", scheme_of(request) or token_of(request)
    if not sent:
        raise ApiRefused(41001, "access_token_missing")
    app, caller = caller_for_app(request, gateway, appid, scope=path)
    name = request.argument("key") or ""
    return _posted(request, gateway, app, caller, path=path, name=name)


def _posted(
    request: Request,
    gateway: Gateway,
    app: App,
    caller: Caller,
    *,
    path: str,
    name: str,
) -> Response:
    if not app.is_wecom:
        raise NotFound
    key = app.robots.get(name)
    if key is None:
        known = listed(sorted(app.robots))
        raise ApiRefused(
            40058,
            "unknown_robot",
            cause=f"{app.appid} has no robot {_shown_robot(name)}, but {known}: "
            f"manage.py app update {app.appid} --robot NAME",
        )
    call = replace(request, path=path)
    return forwarded(call, gateway, app, caller, robot_key=key)


def _shown_robot(name: str) -> str:
    """Return a robot's name; WeCom's own key and a client's secret are longer."""
    return shown_id(name, r"[A-Za-z0-9_-]{1,24}")


def _app_with_robot(
    gateway: Gateway, client: Client, name: str, path: str
) -> tuple[App, Caller]:
    """Return the client's one app with this robot; ApiRefused for none or several."""
    apps = [
        app
        for appid in client.scopes_by_app
        if re.fullmatch(WECOM_ID, appid)
        and (app := gateway.registry.own_app(appid))
        and name in app.robots
    ]
    if len(apps) != 1:
        found = listed([app.appid for app in apps])
        cause = f"apps of {client.client_id} with a robot {_shown_robot(name)}: {found}"
        raise ApiRefused(40058, "unknown_robot", cause=cause)
    (app,) = apps
    caller = Caller(client.client_id, app.appid, client.scopes_by_app[app.appid])
    if not caller.allows(path):
        cause = f"{shown_path(path)} is not in the scopes for {app.appid}"
        raise ApiRefused(48001, "path_not_in_scope", cause=cause)
    return app, caller


def _client(request: Request, gateway: Gateway, secret: str) -> Client:
    client = client_by_secret(request, gateway, secret)
    if client is None:
        cause = wrong_secret(gateway, None)
        raise ApiRefused(40125, "invalid_client_secret", cause=cause)
    return client


def _app_of(client: Client, corpid: str, name: str) -> str:
    """Return the id of the app that is meant; ApiRefused if none is, or several are."""
    apps = [
        appid
        for appid in client.scopes_by_app
        if appid.startswith(f"{corpid}-") and re.fullmatch(WECOM_ID, appid)
    ]
    if not apps:
        cause = not_granted(client, f"{corpid}-AGENTID")
        raise ApiRefused(40013, "unknown_corpid", cause=cause)
    if name:
        named = f"{corpid}-{name}"
        if named in apps:
            return named
        cause = not_granted(client, shown_id(named, WECOM_ID))
        raise ApiRefused(48001, "app_not_granted", cause=cause)
    if len(apps) == 1:
        return apps[0]
    default = f"{corpid}-{client.default_apps.get(corpid, '')}"
    if default in apps:
        return default
    raise ApiRefused(
        40058,
        "several_apps",
        cause=f"the client {client.client_id} has {listed(sorted(apps))}: send "
        "AGENTID:SECRET as corpsecret, or manage.py client update "
        f"{client.client_id} --default-app {apps[0]}",
    )


def _agent_ticket(
    request: Request, gateway: Gateway, app: App, caller: Caller
) -> Response:
    # The corp's ticket has a path and so a scope of its own.
    if app.is_wecom and request.argument("type") != AGENT_CONFIG:
        raise ApiRefused(40097, "unknown_ticket_type")
    return _ticket(request, gateway, app, caller, AGENT_CONFIG)


def _ticket(
    request: Request, gateway: Gateway, app: App, caller: Caller, type_: str
) -> Response:
    if not app.is_wecom:
        cause = f"path {shown_path(request.path)}"
        raise ApiRefused(48001, "path_not_proxied", cause=cause)
    cost = rate_cost_of(caller, gateway)
    stored = gateway.wecom_calls.ticket(app, type_, cost=cost)
    note(request, caller, "ticket_read")
    return _answer({"ticket": stored.value, "expires_in": int(stored.seconds)})


def _answer(content: Mapping[str, Any]) -> Response:
    headers = (("Content-Type", WECOM_JSON), ("Cache-Control", "no-store"))
    body = json.dumps({"errcode": 0, "errmsg": "ok", **content}, separators=(",", ":"))
    return Response(200, headers, body.encode())
