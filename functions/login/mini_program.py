"""Sign-in of mini programs: a js_code becomes a session with a Bearer token.

Requests of a mini program carry no cookies; its front end keeps the token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runtime.errors import (
    BadRequest,
    GatewayError,
    RateLimited,
    SignInNotConfigured,
    WeChatRefused,
)
from runtime.gateway import Gateway
from runtime.registry.ids import APPID, CLIENT_ID
from runtime.registry.models import App, Client
from runtime.registry.subjects import is_pairwise
from runtime.web.messages import Request, Response, json_response
from runtime.wechat.js_codes import (
    MiniProgramUser,
    UnknownMiniProgram,
    mini_program_of,
)


class JsonRequired(BadRequest):
    """The Content-Type is not JSON; a form of any site can post other types."""

    status = 415
    code = "json_required"
    message = "The body has to be JSON, and its Content-Type has to say so."


class JsCodeSpent(GatewayError):
    """The js_code is unknown, expired or used, or another mini program's."""

    status = 400
    errcode = 40029
    code = "js_code_spent"
    message = "The js_code is unknown, expired or used: call wx.login again."


class UserBlocked(GatewayError):
    """WeChat has blocked the user as a risk."""

    status = 403
    errcode = 40226
    code = "person_blocked"
    message = "WeChat does not let this user sign in."


class TooManyJsCodes(RateLimited):
    """WeChat exchanges 100 js_codes of a user a minute."""

    errcode = 45011
    code = "too_many_js_codes"

    def __init__(self) -> None:
        super().__init__(60)


class PairwiseClient(GatewayError):
    """A session holds WeChat's ids of a user, which this client must not get."""

    status = 403
    code = "pairwise_client"
    message = "A pairwise client signs users in by jscode2session."


EXPLAINED: Mapping[int, Callable[[], GatewayError]] = {
    40029: JsCodeSpent,
    40163: JsCodeSpent,
    40226: UserBlocked,
    45011: TooManyJsCodes,
}
"""Errors by WeChat's errcode; any other is about the app's document or WeChat."""

_FIELDS = {
    "js_code": re.compile(r"[!-~]{1,128}"),
    "client_id": re.compile(CLIENT_ID),
    "appid": re.compile(APPID),
}


def mini_program_sign_in(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/miniprogram: begin a session for the user who called wx.login.

    `client_id` names the client, by default `LOGIN_CLIENT`; `appid` is needed where
    that client has several mini programs.
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
    if request.media_type != "application/json":
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
        return gateway.mini_programs.sign_in(client, app, js_code)
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
