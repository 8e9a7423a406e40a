"""Authentication and scopes: who calls, for which app, and whether it is allowed.

On WeChat's own paths a caller sends a gateway token in the query. On an app's own paths
it sends one as Bearer or in the query, or its client secret by Basic; the real token's
path takes the secret in query or body as well. /sns takes the client secret in the
query, as WeChat does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.broker.client_proof import client_by_secret, wrong_secret
from runtime.broker.redirect_uris import not_granted
from runtime.custody.protocol import RateCost
from runtime.errors import ApiRefused, BadRequest, InvalidClient
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.models import App, Client
from runtime.tokens.gateway_tokens import Caller, GatewayToken
from runtime.web.authorization_header import basic_of, bearer_of, scheme_of
from runtime.web.messages import Request
from runtime.web.request_causes import listed, shown_id, shown_path
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.component_paths import is_of_component


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret as it was sent, and the client that was named beside it."""

    secret: str = field(repr=False)
    client_id: str | None


def caller_of(request: Request, gateway: Gateway) -> tuple[App, Caller]:
    """Return app and caller of one of WeChat's own paths; ApiRefused if not allowed.

    The gateway token in the query names the app.
    """
    caller = _by_token(token_of(request), gateway)
    return _checked(caller, gateway, request.path)


def token_of(request: Request) -> str | None:
    """Return the token of the query; a component's paths have another name for it."""
    token = request.argument("access_token")
    if token is None and is_of_component(request.path):
        return request.argument("component_access_token")
    return token


def caller_for_app(
    request: Request, gateway: Gateway, appid: str, *, scope: str
) -> tuple[App, Caller]:
    """Return app and caller of a path that names the app; ApiRefused if not allowed.

    BadRequest if a token comes in the query beside an Authorization header.
    """
    in_query = token_of(request)
    if in_query is not None and scheme_of(request):
        raise BadRequest
    if basic := basic_of(request):
        caller = _by_secret(request, gateway, appid, basic.secret, basic.client_id)
    else:
        caller = _by_token(bearer_of(request) or in_query, gateway)
    if caller.appid != appid:
        raise ApiRefused(
            48001,
            "app_not_granted",
            cause=f"the token is for {caller.appid}, the path names "
            f"{shown_id(appid, APPID)}",
        )
    return _checked(caller, gateway, scope)


def caller_by_secret(
    request: Request, gateway: Gateway, appid: str, named: ClientSecret, *, scope: str
) -> tuple[App, Caller]:
    """Return app and caller by a secret that came without a header for it.

    BadRequest if a header or a token came beside it.
    """
    if scheme_of(request) or request.argument("access_token") is not None:
        raise BadRequest
    caller = _by_secret(request, gateway, appid, named.secret, named.client_id)
    return _checked(caller, gateway, scope)


def rate_cost_of(caller: Caller, gateway: Gateway) -> RateCost | None:
    """Return what a call of this client costs, None if its rate is unlimited."""
    client = gateway.registry.client(caller.client_id)
    rate = client.rate if client else None
    if rate is None:
        return None
    return RateCost(caller.client_id, rate.per_second, rate.burst)


def client_of_secret(
    request: Request, fields: Mapping[str, str], gateway: Gateway
) -> Client:
    """Return the client that has this `secret`; `appid` is an app's or the client's id.

    ApiRefused with 41002, 40013, 41004 or 40125 otherwise.
    """
    appid, secret = fields.get("appid", ""), fields.get("secret", "")
    if not appid:
        raise ApiRefused(41002, "appid_missing")
    if not _is_known(appid, gateway):
        return client_of_account(request, gateway, appid, secret)
    if not secret:
        raise ApiRefused(41004, "secret_missing")
    named = None if re.fullmatch(APPID, appid) else appid
    client = client_by_secret(request, gateway, secret, client_id=named)
    if client is None:
        cause = wrong_secret(gateway, named)
        raise ApiRefused(40125, "invalid_client_secret", cause=cause)
    return client


def client_of_component(fields: Mapping[str, str], gateway: Gateway) -> Client:
    """Return the client that acts by a component for the account `appid`.

    It shows a gateway token of the component, as WeChat's SDKs show the component's
    token. ApiRefused, in WeChat's order: 41018 and 41021 for what is missing, 40094 for
    another component's token, 41002 and 61003 for the account.
    """
    named, token = fields.get("component_appid"), fields.get("component_access_token")
    if not named:
        raise ApiRefused(41018, "component_appid_missing")
    if not token:
        raise ApiRefused(41021, "component_access_token_missing")
    caller = _by_token(token, gateway)
    if caller.appid != named:
        raise ApiRefused(40094, "another_component")
    appid = fields.get("appid", "")
    if not appid:
        raise ApiRefused(41002, "appid_missing")
    client = gateway.registry.client(caller.client_id)
    if client is None or gateway.registry.scopes_of(client, appid) is None:
        raise not_authorized()
    app = gateway.registry.app(appid)
    authorizers = app.authorizers if app else ()
    if not any(each.component == named and each.stands for each in authorizers):
        raise not_authorized()
    return client


def client_of_account(
    request: Request, gateway: Gateway, appid: str, secret: str
) -> Client:
    """Return the client of this secret, for an appid without a document of its own.

    It may be an account that has authorised a component. ApiRefused with 40013 unless
    it is one of the client's: a stranger learns of none, and none is looked for.
    """
    if secret and re.fullmatch(APPID, appid):
        client = client_by_secret(request, gateway, secret)
        if client and gateway.registry.scopes_of(client, appid) is not None:
            return client
    raise ApiRefused(40013, "unknown_appid", cause=_unknown(appid))


def _by_secret(
    request: Request, gateway: Gateway, appid: str, secret: str, client_id: str | None
) -> Caller:
    client = client_by_secret(request, gateway, secret, client_id=client_id)
    if client is None:
        raise InvalidClient(cause=wrong_secret(gateway, client_id))
    scopes = gateway.registry.scopes_of(client, appid)
    if scopes is None:
        cause = not_granted(client, shown_id(appid, APPID))
        raise ApiRefused(48001, "app_not_granted", cause=cause)
    return Caller(client.client_id, appid, scopes)


def _by_token(text: str | None, gateway: Gateway) -> Caller:
    if not text:
        raise ApiRefused(41001, "access_token_missing")
    return gateway.gateway_tokens.read(GatewayToken(text), now=gateway.clock())


def _checked(caller: Caller, gateway: Gateway, scope: str) -> tuple[App, Caller]:
    app = gateway.registry.app(caller.appid)
    if app is None:
        raise ApiRefused(40013, "unknown_appid", cause=_unknown(caller.appid))
    if not caller.allows(scope):
        known = caller.scopes if caller.narrowed is None else caller.narrowed
        raise ApiRefused(
            48001,
            "path_not_in_scope",
            cause=f"{shown_path(scope)} is not in the scopes of {caller.client_id} for "
            f"{caller.appid}: {listed(known)}; manage.py client update "
            f"{caller.client_id} --app {caller.appid} --scope takes all of them",
        )
    return app, caller


def _unknown(appid: str) -> str:
    return f"the client has no app {shown_id(appid, APPID)}: manage.py app list"


def _is_known(appid: str, gateway: Gateway) -> bool:
    # Check the form first: looking up an unknown id lists the whole store.
    if re.fullmatch(APPID, appid):
        return gateway.registry.own_app(appid) is not None
    is_client = re.fullmatch(CLIENT_ID, appid)
    return bool(is_client and gateway.registry.client(appid))
