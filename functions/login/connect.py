"""WeChat's own authorize URLs, for clients that speak WeChat's dialect.

Their `appid` is the client's id or the id of a WeChat app. With an app's id, the client
is the one that registered the redirect_uri and may use the app. A public client has to
use OpenID Connect: WeChat's dialect redeems codes by a secret, and has no PKCE.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from runtime.broker.authorize import authorize
from runtime.broker.redirect_uris import not_registered
from runtime.errors import (
    BadRequest,
    ClientDisabled,
    RedirectUriUnknown,
    SignInNotConfigured,
)
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.models import Client, is_registered
from runtime.registry.registry import Registry
from runtime.registry.sign_in_apps import SignInApps, sign_in_apps
from runtime.sign_in.authorization_request import (
    LONGEST_STATE,
    WECHAT,
    AuthorizationRequest,
)
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import without_own
from runtime.web.request_causes import listed, shown_id, shown_url

IN_WECHAT = ("snsapi_base", "snsapi_userinfo")
BY_QR = ("snsapi_login",)


def oauth2_authorize(request: Request, gateway: Gateway) -> Response:
    """Answer /connect/oauth2/authorize: through the client's service account."""
    return _begin(request, gateway, scopes=IN_WECHAT)


def qrconnect(request: Request, gateway: Gateway) -> Response:
    """Answer /connect/qrconnect: through the client's website app, if it has one."""
    return _begin(request, gateway, scopes=BY_QR)


def _begin(request: Request, gateway: Gateway, *, scopes: tuple[str, ...]) -> Response:
    appid = request.argument("appid") or ""
    redirect_uri = request.argument("redirect_uri") or ""
    client = _client(gateway.registry, appid, redirect_uri)
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


def _client(registry: Registry, appid: str, redirect_uri: str) -> Client:
    if re.fullmatch(APPID, appid):
        known = registry.clients_of(appid)
    else:
        known = tuple(client for client in [registry.client(appid)] if client)
    found = [
        client
        for client in known
        if not (client.public or client.disabled)
        and is_registered(client, redirect_uri)
    ]
    off = [
        client
        for client in known
        if client.disabled and is_registered(client, redirect_uri)
    ]
    if off and not found:
        raise ClientDisabled(off[0].client_id)
    # Two clients with the same callback URL have to use their own ids.
    if len(found) != 1:
        raise RedirectUriUnknown(cause=_cause(appid, redirect_uri, known, found))
    return found[0]


def _cause(
    appid: str, redirect_uri: str, known: Collection[Client], found: Collection[Client]
) -> str:
    """Return why no client, or not exactly one, is meant."""
    if found:
        ids = listed([each.client_id for each in found])
        return f"several clients have this redirect_uri: {ids}; send a client's id"
    usable = [each for each in known if not (each.public or each.disabled)]
    if len(usable) == 1:
        return not_registered(usable[0], redirect_uri)
    if usable:
        ids = listed([each.client_id for each in usable])
        return f"redirect_uri {shown_url(redirect_uri)} is of none of {ids}"
    if not known:
        named = shown_id(appid, f"{APPID}|{CLIENT_ID}")
        return f"appid {named} is no client, and no client's app: manage.py client list"
    ids = listed([each.client_id for each in known])
    return f"disabled, or public and bound to OpenID Connect: {ids}"


def _only(apps: SignInApps, appid: str, *, by_qr: bool) -> SignInApps:
    """Return the one app that is asked for: the client needs its openids.

    Without a website app the service account signs computers in, too.
    """
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
