"""The broker in WeChat's shape: codes and tokens of people, as /sns gives them.

Codes and tokens are the gateway's own, for one client; no token of WeChat's leaves.
"""

from __future__ import annotations

import hmac

from functions.wechat_api.authentication import client_of_secret
from runtime.entry.dialects import sns_response
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.registry.sign_in_apps import SILENT
from runtime.registry.subjects import is_pairwise, openid_for
from runtime.sign_in.authorization_request import WECHAT
from runtime.tokens.claims import wechat_profile_of
from runtime.tokens.grant import ActiveGrant, InvalidGrant, InvalidUserToken
from runtime.tokens.lifetimes import TOKEN_SECONDS
from runtime.web.messages import Request, Response


def access_token(request: Request, gateway: Gateway) -> Response:
    """GET /sns/oauth2/access_token: tokens for a code, which is good once."""
    fields = request.first_arguments
    client = client_of_secret(request, fields, gateway)
    if fields.get("grant_type") != "authorization_code":
        raise ApiRefused(40002, "invalid_grant_type")
    code = fields.get("code")
    if not code:
        raise ApiRefused(41008, "code_missing")
    # Callbacks that come twice are a habit of WeChat's browsers: a second use is
    # refused, and does not cost the first one its tokens.
    id_, grant = gateway.grants.redeem(code, revoke=False)
    held = ActiveGrant(id_, grant, client)
    if not grant.is_of(client) or not _is_named(held, fields["appid"]):
        gateway.grants.revoke(id_)
        raise InvalidGrant
    return _tokens(held, gateway)


def refresh_token(request: Request, gateway: Gateway) -> Response:
    """GET /sns/oauth2/refresh_token: the same again; no secret, as at WeChat."""
    fields = request.first_arguments
    if not fields.get("appid"):
        raise ApiRefused(41002, "appid_missing")
    if fields.get("grant_type") != "refresh_token":
        raise ApiRefused(40002, "invalid_grant_type")
    if not fields.get("refresh_token"):
        raise ApiRefused(41003, "refresh_token_missing")
    try:
        held = gateway.grants.of_refresh(fields["refresh_token"], now=gateway.clock())
    except InvalidGrant:
        raise ApiRefused(40030, "invalid_refresh_token") from None
    if not _is_named(held, fields["appid"]):
        raise ApiRefused(40030, "invalid_refresh_token")
    return _tokens(held, gateway, with_unionid=False)


def userinfo(request: Request, gateway: Gateway) -> Response:
    """GET /sns/userinfo: who it is; 48001 if the sign-in was a silent one."""
    held = _held(request, gateway)
    if held.grant.scope == (SILENT,):
        raise ApiRefused(48001, "scope_is_snsapi_base")
    return sns_response(wechat_profile_of(held.client, held.grant))


def auth(request: Request, gateway: Gateway) -> Response:
    """GET /sns/auth: whether token and openid are still good."""
    _held(request, gateway)
    return sns_response({"errcode": 0, "errmsg": "ok"})


def _held(request: Request, gateway: Gateway) -> ActiveGrant:
    fields = request.first_arguments
    token, openid = fields.get("access_token"), fields.get("openid")
    if not token:
        raise ApiRefused(41001, "access_token_missing")
    if not openid:
        raise ApiRefused(41009, "openid_missing")
    held = gateway.grants.read(token, now=gateway.clock())
    if held.grant.dialect != WECHAT:
        raise InvalidUserToken
    own = openid_for(held.client, held.grant.profile["wechat_openid"])
    if not hmac.compare_digest(own.encode(), openid.encode(errors="replace")):
        raise ApiRefused(40003, "invalid_openid")
    return held


def _is_named(held: ActiveGrant, appid: str) -> bool:
    """Tell whether it is of this dialect, and the app called by one of its names.

    That of the way there, the client's id, or the appid of the app that it was.
    """
    grant = held.grant
    names = (grant.appid, held.client.client_id, grant.profile["wechat_appid"])
    return grant.dialect == WECHAT and appid in names


def _tokens(
    held: ActiveGrant, gateway: Gateway, *, with_unionid: bool = True
) -> Response:
    grant, now = held.grant, gateway.clock()
    content = {
        "access_token": gateway.grants.user_token(held.id, now=now),
        "expires_in": TOKEN_SECONDS,
        "refresh_token": gateway.grants.refresh_token(held.id, now=now),
        "openid": openid_for(held.client, grant.profile["wechat_openid"]),
        "scope": ",".join(grant.scope),
    }
    unionid = grant.profile["wechat_unionid"]
    named = with_unionid and grant.scope != (SILENT,) and not is_pairwise(held.client)
    if named and unionid:
        content["unionid"] = unionid
    return sns_response(content)
