"""Sign-in of mini programs: a js_code becomes a session with a Bearer token.

Requests of a mini program carry no cookies; its front end keeps the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.login.program_sessions import (
    client_named,
    counted,
    posted_fields,
    session_answer,
)
from runtime.broker.admission import check_admitted
from runtime.broker.outcomes import MINI_PROGRAM
from runtime.errors import GatewayError, RateLimited, WeChatRefused
from runtime.gateway import Gateway
from runtime.registry.models import App, Client
from runtime.web.messages import Request, Response
from runtime.wechat.js_codes import (
    MiniProgramUser,
    UnknownMiniProgram,
    mini_program_of,
)


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


EXPLAINED: Mapping[int, Callable[[], GatewayError]] = {
    40029: JsCodeSpent,
    40163: JsCodeSpent,
    40226: UserBlocked,
    45011: TooManyJsCodes,
}
"""Errors by WeChat's errcode; any other is about the app's document or WeChat."""


def mini_program_sign_in(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/miniprogram: begin a session for the user who called wx.login.

    `client_id` names the client, by default `LOGIN_CLIENT`; `appid` is needed where
    that client has several mini programs.
    """
    fields = posted_fields(request, code="js_code")
    gateway.limits.sign_in(request)
    client = client_named(gateway, fields.get("client_id"), unknown=UnknownMiniProgram)
    app = mini_program_of(client, fields.get("appid"), registry=gateway.registry)

    def check(user: MiniProgramUser) -> None:
        check_admitted(gateway, client, user.subject(app))

    with counted(gateway, MINI_PROGRAM):
        user = _exchange(gateway, client, app, fields["js_code"], check=check)
        profile = _profile(user, app)
        sub = user.subject(app)
        return session_answer(gateway, client, sub, profile, way=MINI_PROGRAM)


def _exchange(
    gateway: Gateway,
    client: Client,
    app: App,
    js_code: str,
    *,
    check: Callable[[MiniProgramUser], None],
) -> MiniProgramUser:
    try:
        with gateway.sign_ins_in_flight.counted(client.client_id):
            return gateway.mini_programs.sign_in(client, app, js_code, check=check)
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
