"""WeChat's own authorize URLs, for clients that speak WeChat's dialect.

Their `appid` is the client's id or the id of a WeChat app. With an app's id, the client
is the one that registered the redirect_uri and may use the app. A public client has to
use OpenID Connect: WeChat's dialect redeems codes by a secret, and has no PKCE.
"""

from __future__ import annotations

import re
from dataclasses import replace

from functions.login.shared_callbacks import one_client
from functions.login.wecom_connect import is_for_wecom, wecom_authorize
from runtime.broker.authorize import authorize
from runtime.errors import BadRequest, SignInNotConfigured
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.registry.sign_in_apps import SignInApps, sign_in_apps
from runtime.sign_in.authorization_request import (
    LONGEST_STATE,
    WECHAT,
    AuthorizationRequest,
)
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import without_own
from runtime.web.request_causes import listed, shown_id

IN_WECHAT = ("snsapi_base", "snsapi_userinfo")
BY_QR = ("snsapi_login",)


def oauth2_authorize(request: Request, gateway: Gateway) -> Response:
    """Answer /connect/oauth2/authorize: through the client's service account.

    Or through its app of WeCom, which has the same path.
    """
    if is_for_wecom(request):
        return wecom_authorize(request, gateway)
    return _begin(request, gateway, scopes=IN_WECHAT)


def qrconnect(request: Request, gateway: Gateway) -> Response:
    """Answer /connect/qrconnect: through the client's website app, if it has one."""
    return _begin(request, gateway, scopes=BY_QR)


def _begin(request: Request, gateway: Gateway, *, scopes: tuple[str, ...]) -> Response:
    appid = request.argument("appid") or ""
    redirect_uri = request.argument("redirect_uri") or ""
    known = _clients(gateway.registry, appid)
    client = one_client(known, redirect_uri, named=appid)
    apps = sign_in_apps(gateway.registry, client, named=appid)
    apps = _only(apps, appid, by_qr=scopes == BY_QR)
    scope, state = request.argument("scope"), request.argument("state")
    if scope not in scopes:
        raise BadRequest(cause=f"scope must be {' or '.join(scopes)}")
    if request.argument("response_type") != "code":
        raise BadRequest(cause="response_type must be code")
    if state is not None and len(state) > LONGEST_STATE:
        raise BadRequest(cause=f"state has more than {LONGEST_STATE} characters")
    # WeChat refuses an empty state here by its error 10013, and accepts it by QR code.
    if state == "" and scopes == IN_WECHAT:
        raise BadRequest(cause="state is empty: leave it out or give it a value")
    asked = AuthorizationRequest(
        dialect=WECHAT,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=without_own(f"{request.path}?{request.query}"),
        scope=(scope,),
        state=state,
        appid=appid,
    )
    return authorize(request, gateway, asked, apps=apps)


def _clients(registry: Registry, appid: str) -> tuple[Client, ...]:
    """Return the clients that may be meant."""
    if re.fullmatch(APPID, appid):
        return registry.clients_of(appid)
    client = registry.client(appid)
    return (client,) if client else ()


def _only(apps: SignInApps, appid: str, *, by_qr: bool) -> SignInApps:
    """Return the one app that is asked for: the client needs its openids.

    Without a website app the service account signs computers in, too.
    """
    apps = replace(apps, wecom=None)
    apps = replace(apps, page=None) if by_qr and apps.qr else replace(apps, qr=None)
    named = appid in (apps.client.client_id, *apps.appids)
    if not apps.appids or not named:
        wanted = "website" if by_qr else "service"
        raise SignInNotConfigured(
            cause=f"the client {apps.client.client_id} has no {wanted} app "
            f"{shown_id(appid, f'{APPID}|{CLIENT_ID}')} to sign in with, among "
            f"{listed(sorted(apps.client.scopes_by_app))}"
        )
    return apps
