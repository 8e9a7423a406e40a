"""User tokens in WeChat's form: the paths below /sns/oauth2, /sns/userinfo, /sns/auth.

Tokens are the gateway's own, for one client; no token of WeChat's is told. Codes are
the gateway's own too, except those that WeChat's SDK gives to a mobile app.
"""

from __future__ import annotations

import hmac
import re

from functions.wechat_api.authentication import client_of_component, client_of_secret
from runtime.broker.admission import check_admitted
from runtime.entry.dialects import sns_response
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.registry.ids import APPID
from runtime.registry.models import App, Client
from runtime.registry.sign_in_apps import MOBILE_KIND, SILENT
from runtime.registry.subjects import is_pairwise, openid_for, subject_of
from runtime.sign_in.authorization_request import WECHAT
from runtime.tokens.claims import wechat_profile_of
from runtime.tokens.grant import (
    ActiveGrant,
    Grant,
    InvalidGrant,
    InvalidUserToken,
    RefreshToken,
    UserToken,
)
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from runtime.web.messages import Request, Response


def access_token(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/oauth2/access_token: tokens for a code, once."""
    fields = request.first_arguments
    client = client_of_secret(request, fields, gateway)
    if fields.get("grant_type") != "authorization_code":
        raise ApiRefused(40002, "invalid_grant_type")
    code = fields.get("code")
    if not code:
        raise ApiRefused(41008, "code_missing")
    if app := _mobile_app(client, fields["appid"], gateway):
        return _tokens(_exchange(client, app, code, gateway), gateway)
    return _redeemed(client, code, fields["appid"], gateway)


def component_access_token(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/oauth2/component/access_token: the same, for an account.

    In place of a secret the client shows its token of the component.
    """
    fields = request.first_arguments
    client = client_of_component(fields, gateway)
    if fields.get("grant_type") != "authorization_code":
        raise ApiRefused(40002, "invalid_grant_type")
    if not fields.get("code"):
        raise ApiRefused(41008, "code_missing")
    return _redeemed(client, fields["code"], fields["appid"], gateway)


def component_refresh_token(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/oauth2/component/refresh_token, for an account."""
    client_of_component(request.first_arguments, gateway)
    return refresh_token(request, gateway)


def _redeemed(client: Client, code: str, appid: str, gateway: Gateway) -> Response:
    # WeChat's browsers often repeat a callback: a second use of the code is refused,
    # and the tokens of the first one stay valid.
    id_, grant = gateway.grants.redeem(code, revoke=False)
    active = ActiveGrant(id_, grant, client)
    if not grant.is_of(client, gateway.registry) or not _is_named(active, appid):
        gateway.grants.revoke(id_)
        raise InvalidGrant
    return _tokens(active, gateway)


def refresh_token(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/oauth2/refresh_token; without a secret, as at WeChat."""
    fields = request.first_arguments
    if not fields.get("appid"):
        raise ApiRefused(41002, "appid_missing")
    if fields.get("grant_type") != "refresh_token":
        raise ApiRefused(40002, "invalid_grant_type")
    if not fields.get("refresh_token"):
        raise ApiRefused(41003, "refresh_token_missing")
    try:
        active = gateway.grants.of_refresh_token(
            RefreshToken(fields["refresh_token"]), now=gateway.clock()
        )
    except InvalidGrant:
        raise ApiRefused(40030, "invalid_refresh_token") from None
    if not _is_named(active, fields["appid"]):
        raise ApiRefused(40030, "invalid_refresh_token")
    return _tokens(active, gateway, with_unionid=False)


def userinfo(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/userinfo: the profile; 48001 after a silent sign-in."""
    active = _active_grant(request, gateway)
    if active.grant.scope == (SILENT,):
        raise ApiRefused(48001, "scope_is_snsapi_base")
    return sns_response(wechat_profile_of(active.client, active.grant))


def auth(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/auth: whether token and openid are still valid."""
    _active_grant(request, gateway)
    return sns_response({"errcode": 0, "errmsg": "ok"})


def _mobile_app(client: Client, appid: str, gateway: Gateway) -> App | None:
    """Return the mobile app that is named, None for any other name."""
    app = gateway.registry.app(appid) if re.fullmatch(APPID, appid) else None
    if app is None or app.kind != MOBILE_KIND:
        return None
    if appid not in client.scopes_by_app:
        raise ApiRefused(48001, "app_not_granted")
    return app


def _exchange(client: Client, app: App, code: str, gateway: Gateway) -> ActiveGrant:
    """Return a grant for a code of WeChat's SDK, which WeChat accepts once."""
    with gateway.sign_ins_in_flight.counted(client.client_id):
        profile = gateway.sign_in.exchange_code(app, code)
    sub = subject_of(app, profile["wechat_openid"], profile["wechat_unionid"])
    check_admitted(gateway, client, sub, profile)
    gateway.openids.save(profile)
    grant = Grant(
        dialect=WECHAT,
        client_id=client.client_id,
        epoch=client.epoch,
        sub=sub,
        profile=profile,
        auth_time=int(gateway.clock()),
        scope=tuple(profile["wechat_scope"].split(",")),
        redirect_uri="",
        appid=app.appid,
    )
    return ActiveGrant(gateway.grants.begin(grant), grant, client)


def _active_grant(request: Request, gateway: Gateway) -> ActiveGrant:
    fields = request.first_arguments
    token, openid = fields.get("access_token"), fields.get("openid")
    if not token:
        raise ApiRefused(41001, "access_token_missing")
    if not openid:
        raise ApiRefused(41009, "openid_missing")
    active = gateway.grants.read(UserToken(token), now=gateway.clock())
    if active.grant.dialect != WECHAT:
        raise InvalidUserToken
    own = openid_for(active.client, active.grant.profile["wechat_openid"])
    if not hmac.compare_digest(own.encode(), openid.encode(errors="replace")):
        raise ApiRefused(40003, "invalid_openid")
    return active


def _is_named(active: ActiveGrant, appid: str) -> bool:
    """Tell whether the grant is of this dialect, and `appid` one of its names.

    They are the appid of the request, the client's id, and the appid of the app used.
    """
    grant = active.grant
    names = (grant.appid, active.client.client_id, grant.profile["wechat_appid"])
    return grant.dialect == WECHAT and appid in names


def _tokens(
    active: ActiveGrant, gateway: Gateway, *, with_unionid: bool = True
) -> Response:
    grant, now = active.grant, gateway.clock()
    content = {
        "access_token": gateway.grants.user_token(active.id, now=now),
        "expires_in": USER_TOKEN_SECONDS,
        "refresh_token": gateway.grants.refresh_token(active.id, now=now),
        "openid": openid_for(active.client, grant.profile["wechat_openid"]),
        "scope": ",".join(grant.scope),
    }
    unionid = grant.profile["wechat_unionid"]
    tells = with_unionid and grant.scope != (SILENT,) and not is_pairwise(active.client)
    if tells and unionid:
        content["unionid"] = unionid
    return sns_response(content)
