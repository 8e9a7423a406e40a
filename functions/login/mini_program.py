"""A mini program's sign-in: a js_code becomes a session, told as a Bearer token.

A mini program's own requests carry no cookies; its front end keeps the token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.login.mini_program_refusals import (
    EXPLAINED,
    JsonRequired,
    PairwiseClient,
)
from runtime.errors import BadRequest, SignInNotConfigured, WeChatRefused
from runtime.gateway import Gateway
from runtime.registry.app_ids import APPID
from runtime.registry.registry import App, Client
from runtime.registry.subjects import is_pairwise
from runtime.web.messages import Request, Response, json_response
from runtime.wechat.mini_programs import (
    MiniProgramUser,
    UnknownMiniProgram,
    mini_program_of,
)

_FIELDS = {
    "js_code": re.compile(r"[!-~]{1,128}"),
    "client_id": re.compile(r"[a-z0-9][a-z0-9_-]{0,39}"),
    "appid": re.compile(APPID),
}


def mini_program_sign_in(request: Request, gateway: Gateway) -> Response:
    """POST /login/miniprogram: begin a session for who called wx.login.

    `client_id` names whose mini program it is, without it `LOGIN_CLIENT`'s; `appid`
    is needed where that client has several.
    """
    fields = _fields(request)
    gateway.limits.sign_in(request)
    client = _client(gateway, fields.get("client_id"))
    app = mini_program_of(client, fields.get("appid"), find=gateway.registry.app)
    user = _exchange(gateway, client, app, fields["js_code"])
    sub, profile = user.subject(app), _profile(user, app)
    now = gateway.clock()
    session = gateway.sessions.begin(sub, profile, now=now)
    return json_response(
        {
            "session_token": gateway.sessions.token(session, now=now),
            "token_type": "Bearer",
            "expires_in": int(gateway.settings.session_days * 86400),
            "sub": session.sub,
            "auth_time": session.at,
        }
    )


def _fields(request: Request) -> Mapping[str, str]:
    kind = (request.header("content-type") or "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise JsonRequired
    content = request.json()
    if not isinstance(content, dict) or "js_code" not in content:
        raise BadRequest
    for name, form in _FIELDS.items():
        value = content.get(name)
        if name in content and not (isinstance(value, str) and form.fullmatch(value)):
            raise BadRequest
    return content


def _client(gateway: Gateway, client_id: str | None) -> Client:
    client = gateway.registry.client(client_id or gateway.settings.login_client)
    if client is None or client.disabled:
        raise UnknownMiniProgram if client_id else SignInNotConfigured
    if is_pairwise(client):
        raise PairwiseClient
    return client


def _exchange(
    gateway: Gateway, client: Client, app: App, js_code: str
) -> MiniProgramUser:
    try:
        return gateway.mini_programs.exchange(client, app, js_code)
    except WeChatRefused as error:
        explained = EXPLAINED.get(error.errcode)
        if explained is None:
            raise
        raise explained() from None


def _profile(user: MiniProgramUser, app: App) -> Mapping[str, str | None]:
    # WeChat tells a mini program's server neither name nor picture.
    return {
        "name": "",
        "picture": None,
        "wechat_openid": user.openid,
        "wechat_unionid": user.unionid or None,
        "wechat_appid": app.appid,
        "wechat_scope": "",
    }
