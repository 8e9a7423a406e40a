"""The open platform for an SDK in component mode: WeChat's paths with values of ours.

The SDK has the component's appid, and the client's secret as component_appsecret. What
it stores and sends is closed on itself: the ticket that our pushes bring, our codes,
our names of refresh tokens, and gateway tokens. No value of WeChat's is among them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.wechat_api.authentication import rate_cost_of
from functions.wechat_api.report import Report, note
from runtime.broker.client_proof import client_by_secret
from runtime.broker.component_authorization import may_use
from runtime.entry.dialects import WECHAT_JSON
from runtime.errors import ApiRefused, BadRequest, GatewayError
from runtime.gateway import Gateway
from runtime.registry.authorizers import Authorizer
from runtime.registry.ids import APPID
from runtime.registry.models import COMPONENT_KIND, App, Client
from runtime.tokens.component_names import PRE_AUTH_SECONDS
from runtime.tokens.gateway_tokens import (
    GATEWAY_TOKEN_SECONDS,
    Caller,
    GatewayToken,
)
from runtime.web.messages import Request, Response

_JSON_UP = {"Content-Type": "application/json"}


def component_token(request: Request, gateway: Gateway) -> Response:
    """Answer api_component_token: a gateway token for the component itself."""
    fields = _fields(request)
    component, client = _by_secret(request, gateway, fields, "component_appsecret")
    ticket = fields.get("component_verify_ticket")
    names = gateway.component_names
    if not isinstance(ticket, str) or not names.is_verify_ticket(
        ticket, client, component.appid
    ):
        raise ApiRefused(61006, "wrong_verify_ticket")
    token = _token(gateway, client, component.appid)
    return _answer(
        {"component_access_token": token, "expires_in": GATEWAY_TOKEN_SECONDS}
    )


def start_push_ticket(request: Request, gateway: Gateway) -> Response:
    """Answer api_start_push_ticket: the gateway sees to it that tickets come."""
    _by_secret(request, gateway, _fields(request), "component_secret")
    return _answer({"errcode": 0, "errmsg": "in a normal state"})


def create_preauthcode(request: Request, gateway: Gateway) -> Response:
    """Answer api_create_preauthcode: a code for the authorisation page on our host."""
    component, client, _ = _by_token(request, gateway)
    code = gateway.component_names.pre_auth_code(
        client, component.appid, now=gateway.clock()
    )
    return _answer({"pre_auth_code": code, "expires_in": PRE_AUTH_SECONDS})


def query_auth(request: Request, gateway: Gateway) -> Response:
    """Answer api_query_auth: what a code of ours stands for, once."""
    component, client, fields = _by_token(request, gateway)
    code = fields.get("authorization_code")
    codes = gateway.component_codes
    appid = (
        codes.redeem(code, client, component.appid) if isinstance(code, str) else None
    )
    if appid is None:
        raise ApiRefused(61009, "wrong_authorization_code")
    # As the store has it: another process may have written it a moment ago.
    found = gateway.authorizers.newest(component.appid, appid)
    authorizer = _standing(found)
    note(request, _caller(gateway, client, appid), "authorization_redeemed")
    sets = [{"funcscope_category": {"id": each}} for each in authorizer.permission_sets]
    tokens = _tokens(gateway, client, authorizer)
    info = {"authorizer_appid": appid, **tokens, "func_info": sets}
    return _answer({"authorization_info": info})


def authorizer_token(request: Request, gateway: Gateway) -> Response:
    """Answer api_authorizer_token: a gateway token for an account."""
    component, client, fields = _by_token(request, gateway)
    authorizer = _account(gateway, component, client, fields.get("authorizer_appid"))
    token = fields.get("authorizer_refresh_token")
    names = gateway.component_names
    if not isinstance(token, str) or not names.is_refresh_token(
        token, client, component.appid, authorizer.appid
    ):
        raise ApiRefused(61023, "wrong_refresh_token")
    return _answer(_tokens(gateway, client, authorizer))


def authorizer_info(request: Request, gateway: Gateway) -> Response:
    """Answer api_get_authorizer_info: WeChat's answer, with our refresh token."""
    component, client, fields = _by_token(request, gateway)
    authorizer = _account(gateway, component, client, fields.get("authorizer_appid"))
    wanted = {"authorizer_appid": authorizer.appid}
    answer = _asked(request, gateway, component, client, wanted)
    info = answer.get("authorization_info")
    if isinstance(info, dict):
        names = gateway.component_names
        info["authorizer_refresh_token"] = names.refresh_token(
            client, component.appid, authorizer.appid
        )
    return _answer(answer)


def authorizer_list(request: Request, gateway: Gateway) -> Response:
    """Answer api_get_authorizer_list: WeChat's page, with our refresh tokens."""
    component, client, fields = _by_token(request, gateway)
    wanted = {name: fields.get(name) for name in ("offset", "count")}
    answer = _asked(request, gateway, component, client, wanted)
    listed = answer.get("list")
    for each in listed if isinstance(listed, list) else ():
        appid = each.get("authorizer_appid")
        names = gateway.component_names
        each["refresh_token"] = names.refresh_token(client, component.appid, str(appid))
    return _answer(answer)


def option(request: Request, gateway: Gateway) -> Response:
    """Answer get_authorizer_option and set_authorizer_option, with either token.

    Old SDKs send the component's and name the account, new ones send the account's.
    """
    caller, app, client, fields = _by_any_token(request, gateway)
    if app.kind == COMPONENT_KIND:
        _check_component(app, fields)
        account = _account(gateway, app, client, fields.get("authorizer_appid"))
        caller = _caller(gateway, client, account.appid)
        found = gateway.registry.app(account.appid)
        if found is None:
            raise ApiRefused(40013, "unknown_appid")
        app = found
    if not caller.allows(request.path):
        raise ApiRefused(48001, "path_not_in_scope")
    return _answer(_sent(request, gateway, app, caller, fields))


def _by_secret(
    request: Request, gateway: Gateway, fields: Mapping[str, Any], name: str
) -> tuple[App, Client]:
    """Return the component that the body names, and the client of the secret.

    ApiRefused with 41018, 61011, 41004, 40125 or 48001 otherwise.
    """
    appid = fields.get("component_appid")
    if not appid:
        raise ApiRefused(41018, "component_appid_missing")
    component = _component(gateway, appid)
    secret = fields.get(name)
    if not isinstance(secret, str) or not secret:
        raise ApiRefused(41004, "secret_missing")
    client = client_by_secret(request, gateway, secret)
    if client is None:
        raise ApiRefused(40125, "invalid_client_secret")
    if not may_use(client, component):
        raise ApiRefused(48001, "app_not_granted")
    return component, client


def _by_token(
    request: Request, gateway: Gateway
) -> tuple[App, Client, Mapping[str, Any]]:
    """Return component, client and body of a call with a component's gateway token."""
    _, component, client, fields = _by_any_token(request, gateway)
    if component.kind != COMPONENT_KIND:
        raise ApiRefused(61014, "not_a_component_token")
    _check_component(component, fields)
    if not may_use(client, component):
        raise ApiRefused(48001, "app_not_granted")
    return component, client, fields


def _by_any_token(
    request: Request, gateway: Gateway
) -> tuple[Caller, App, Client, Mapping[str, Any]]:
    text = request.argument("component_access_token") or request.argument(
        "access_token"
    )
    if not text:
        raise ApiRefused(41021, "component_access_token_missing")
    caller = gateway.gateway_tokens.read(GatewayToken(text), now=gateway.clock())
    app = gateway.registry.app(caller.appid)
    client = gateway.registry.client(caller.client_id)
    if app is None or client is None:
        raise ApiRefused(40013, "unknown_appid")
    return caller, app, client, _fields(request)


def _check_component(component: App, fields: Mapping[str, Any]) -> None:
    named = fields.get("component_appid")
    if not named:
        raise ApiRefused(41018, "component_appid_missing")
    if named != component.appid:
        raise ApiRefused(61011, "another_component")


def _component(gateway: Gateway, appid: Any) -> App:
    # Check the form first: looking up an unknown id lists the whole store.
    known = isinstance(appid, str) and re.fullmatch(APPID, appid)
    app = gateway.registry.own_app(str(appid)) if known else None
    if app is None or app.kind != COMPONENT_KIND:
        raise ApiRefused(61011, "unknown_component")
    return app


def _account(
    gateway: Gateway, component: App, client: Client, appid: Any
) -> Authorizer:
    """Return a standing authorisation that the client may use; else 61003."""
    if not isinstance(appid, str) or not re.fullmatch(APPID, appid):
        raise ApiRefused(61003, "not_authorized")
    found = gateway.registry.authorizer(component.appid, appid)
    if gateway.registry.scopes_of(client, appid) is None:
        raise ApiRefused(61003, "not_authorized")
    return _standing(found)


def _standing(found: Authorizer | None) -> Authorizer:
    if found is None or not found.stands:
        raise ApiRefused(61003, "not_authorized")
    return found


def _tokens(gateway: Gateway, client: Client, account: Authorizer) -> dict[str, Any]:
    names = gateway.component_names
    return {
        "authorizer_access_token": _token(gateway, client, account.appid),
        "expires_in": GATEWAY_TOKEN_SECONDS,
        "authorizer_refresh_token": names.refresh_token(
            client, account.component, account.appid
        ),
    }


def _token(gateway: Gateway, client: Client, appid: str) -> str:
    return gateway.gateway_tokens.issue(client, appid, now=gateway.clock())


def _caller(gateway: Gateway, client: Client, appid: str) -> Caller:
    scopes = gateway.registry.scopes_of(client, appid) or ()
    return Caller(client.client_id, appid, scopes)


def _asked(
    request: Request,
    gateway: Gateway,
    component: App,
    client: Client,
    wanted: Mapping[str, Any],
) -> dict[str, Any]:
    """Return WeChat's answer to a call of the component's API with its real token."""
    caller = Caller(client.client_id, component.appid, ())
    fields = {"component_appid": component.appid, **wanted}
    return _sent(request, gateway, component, caller, fields)


def _sent(
    request: Request,
    gateway: Gateway,
    app: App,
    caller: Caller,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    report = Report(request, caller, gateway)
    try:
        with gateway.calls_in_flight.counted(caller.client_id):
            answer = gateway.calls.send(
                app,
                "POST",
                request.path,
                headers=_JSON_UP,
                body=json.dumps(fields, ensure_ascii=False).encode(),
                cost=rate_cost_of(caller, gateway),
                on_attempt=report.attempted,
            )
    except GatewayError as error:
        report.failed(error)
        raise
    report.answered(answer)
    return answer.success(request.path)


def _fields(request: Request) -> Mapping[str, Any]:
    content = request.json()
    if not isinstance(content, dict):
        raise BadRequest
    return content


def _answer(content: Mapping[str, Any]) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = (("Content-Type", WECHAT_JSON), ("Cache-Control", "no-store"))
    return Response(200, headers, body)
