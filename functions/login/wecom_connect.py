"""WeCom's own authorize URL, for clients that speak WeCom's dialect.

Their `appid` is a corpid or the client's id, and `agentid` names the app. With a corpid
the client is the one that registered the redirect_uri and may use the app. Its code is
for /cgi-bin/auth/getuserinfo.
"""

from __future__ import annotations

import re
from dataclasses import replace

from functions.login.shared_callbacks import one_client
from runtime.broker.authorize import authorize
from runtime.errors import BadRequest, SignInNotConfigured
from runtime.gateway import Gateway
from runtime.registry.ids import CORPID
from runtime.registry.models import App, Client
from runtime.registry.registry import Registry
from runtime.registry.sign_in_apps import PRIVATE, SILENT, sign_in_apps
from runtime.sign_in.authorization_request import (
    LONGEST_STATE,
    WECOM,
    AuthorizationRequest,
)
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import without_own
from runtime.web.request_causes import listed

SCOPES = (SILENT, PRIVATE)


def is_for_wecom(request: Request) -> bool:
    """Tell whether the request names an app of WeCom: by its agentid, or its company.

    An old corpid looks like an appid of WeChat's: then the agentid is needed.
    """
    appid = request.argument("appid") or ""
    return bool(request.argument("agentid")) or (
        appid.startswith("ww") and re.fullmatch(CORPID, appid) is not None
    )


def wecom_authorize(request: Request, gateway: Gateway) -> Response:
    """Answer /connect/oauth2/authorize where it names an app of WeCom."""
    appid = request.argument("appid") or ""
    agentid = request.argument("agentid") or ""
    redirect_uri = request.argument("redirect_uri") or ""
    known = _clients(gateway.registry, appid, agentid)
    client = one_client(known, redirect_uri, named=appid)
    app = _app_of(gateway.registry, client, appid, agentid)
    scope, state = request.argument("scope"), request.argument("state")
    if scope not in SCOPES:
        raise BadRequest(cause=f"scope must be {' or '.join(SCOPES)}")
    if request.argument("response_type") != "code":
        raise BadRequest(cause="response_type must be code")
    if state is not None and len(state) > LONGEST_STATE:
        raise BadRequest(cause=f"state has more than {LONGEST_STATE} characters")
    asked = AuthorizationRequest(
        dialect=WECOM,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=without_own(f"{request.path}?{request.query}"),
        scope=(scope,),
        state=state,
        appid=app.appid,
    )
    apps = sign_in_apps(gateway.registry, client)
    apps = replace(apps, qr=None, page=None, wecom=app)
    return authorize(request, gateway, asked, apps=apps)


def _clients(registry: Registry, appid: str, agentid: str) -> tuple[Client, ...]:
    """Return the clients that may be meant."""
    if not re.fullmatch(CORPID, appid):
        client = registry.client(appid)
        return (client,) if client else ()
    if agentid:
        return registry.clients_of(f"{appid}-{agentid}")
    return _of_company(registry, appid)


def _of_company(registry: Registry, corpid: str) -> tuple[Client, ...]:
    """Return the clients that have an app of this company."""
    return tuple(client for client in registry.clients() if _apps_of(client, corpid))


def _apps_of(client: Client, corpid: str) -> list[str]:
    pattern = re.compile(f"{corpid}-[0-9]+")
    return [key for key in client.scopes_by_app if pattern.fullmatch(key)]


def _app_of(registry: Registry, client: Client, appid: str, agentid: str) -> App:
    """Return the app that is named; the client's only one where no agentid is."""
    apps = [
        app
        for app in registry.apps_of(client)
        if app.agentid
        and agentid in ("", app.agentid)
        and appid in (app.corpid, client.client_id)
    ]
    if len(apps) != 1:
        known = listed(
            sorted(app.appid for app in apps) or sorted(client.scopes_by_app)
        )
        raise SignInNotConfigured(
            cause=f"the client {client.client_id} has {'several' if apps else 'no'} "
            f"apps of WeCom by this appid and agentid: {known}; send both"
        )
    return apps[0]
