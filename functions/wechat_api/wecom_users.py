"""Members of WeCom for clients that speak its dialect: /cgi-bin/auth/getuserinfo.

A code of ours was issued at /connect/oauth2/authorize and names the member once. Any
other code or ticket goes on to WeCom: a service may have begun the sign-in there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from functions.wechat_api.authentication import token_of
from functions.wechat_api.proxy import proxy
from functions.wechat_api.report import note
from runtime.entry.dialects import WECHAT_JSON
from runtime.errors import ApiRefused, GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.registry.sign_in_apps import PRIVATE
from runtime.registry.subjects import is_pairwise, openid_for
from runtime.sign_in.authorization_request import WECOM
from runtime.tokens.gateway_tokens import Caller, GatewayToken
from runtime.tokens.grant import (
    ActiveGrant,
    InvalidGrant,
    InvalidUserToken,
    SpentCode,
    UserToken,
)
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from runtime.web.messages import Request, Response, json_response
from runtime.wecom.oauth import dialect_userid

_OUR_CODE = re.compile(r"[A-Za-z0-9_-]{43}")

_OLDER_PATH = "/cgi-bin/user/getuserinfo"


def userinfo(request: Request, gateway: Gateway) -> Response:
    """Answer GET /cgi-bin/auth/getuserinfo: the member of a code, and a ticket.

    The older path /cgi-bin/user/getuserinfo has names with capitals.
    """
    code, found = request.argument("code") or "", _app_of(request, gateway)
    if found is None or not _OUR_CODE.fullmatch(code):
        return proxy(request, gateway)
    app, caller = found
    try:
        active = _redeemed(code, caller, gateway)
    except SpentCode as error:
        raise ApiRefused(40029, "invalid_code", cause=error.cause) from None
    except InvalidGrant as error:
        if caller.allows(request.path):
            return proxy(request, gateway)
        raise ApiRefused(40029, "invalid_code", cause=error.cause) from None
    grant = active.grant
    userid = _userid(app, active)
    older = request.path == _OLDER_PATH
    content: dict[str, Any] = (
        {"UserId": userid, "DeviceId": ""} if older else {"userid": userid}
    )
    tells = grant.scope == (PRIVATE,) and grant.profile.get("in_client")
    if tells and not is_pairwise(active.client):
        now = gateway.clock()
        content["user_ticket"] = gateway.grants.user_token(active.id, now=now)
        content |= {"expires_in": USER_TOKEN_SECONDS} if older else {}
    note(request, caller, "member_read")
    return _answer(content)


def userdetail(request: Request, gateway: Gateway) -> Response:
    """Answer POST /cgi-bin/auth/getuserdetail: what the member has agreed to tell."""
    found = _app_of(request, gateway)
    content = request.json()
    ticket = content.get("user_ticket") if isinstance(content, dict) else None
    if found is None or not isinstance(ticket, str):
        return proxy(request, gateway)
    app, caller = found
    try:
        active = gateway.grants.read(UserToken(ticket), now=gateway.clock())
    except InvalidUserToken:
        if caller.allows(request.path):
            return proxy(request, gateway)
        raise ApiRefused(84014, "invalid_user_ticket") from None
    if not _is_for(active, caller):
        raise ApiRefused(84014, "invalid_user_ticket")
    profile = active.grant.profile
    note(request, caller, "member_read")
    return _answer(
        {
            "userid": _userid(app, active),
            "gender": "0",
            "avatar": profile["picture"] or "",
            "qr_code": "",
            **{name: profile.get(name, "") for name in ("mobile", "email", "biz_mail")},
            "address": "",
        }
    )


def _app_of(request: Request, gateway: Gateway) -> tuple[App, Caller] | None:
    """Return app and caller of a token for an app of WeCom, None for any other.

    No scope is needed: a code or ticket of ours was issued to this client alone.
    """
    token = token_of(request)
    try:
        caller = gateway.gateway_tokens.read(
            GatewayToken(token or ""), now=gateway.clock()
        )
    except GatewayError:
        return None  # the proxy answers it
    app = gateway.registry.app(caller.appid)
    return (app, caller) if app and app.is_wecom else None


def _redeemed(code: str, caller: Caller, gateway: Gateway) -> ActiveGrant:
    # As with WeChat's codes, a second use is refused and ends nothing.
    id_, grant = gateway.grants.redeem(code, revoke=False)
    client = gateway.registry.client(grant.client_id)
    if client is not None and grant.is_of(client, gateway.registry):
        active = ActiveGrant(id_, grant, client)
        if _is_for(active, caller):
            return active
    gateway.grants.revoke(id_)
    cause = "the code is of another client or app, or the client was revoked since"
    raise ApiRefused(40029, "invalid_code", cause=cause)


def _is_for(active: ActiveGrant, caller: Caller) -> bool:
    grant = active.grant
    named = (active.client.client_id, grant.appid)
    return grant.dialect == WECOM and named == (caller.client_id, caller.appid)


def _userid(app: App, active: ActiveGrant) -> str:
    if is_pairwise(active.client):
        return openid_for(active.client, active.grant.sub)
    return dialect_userid(app, active.grant.profile)


def _answer(content: Mapping[str, Any]) -> Response:
    response = json_response({"errcode": 0, "errmsg": "ok", **content})
    headers = (("Content-Type", WECHAT_JSON), *response.headers[1:])
    return Response(200, headers, response.body)
