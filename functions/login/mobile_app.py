"""Sign-in of mobile apps: a code of WeChat's SDK becomes a session with a Bearer token.

For an app without a server of its own; another one exchanges the code below /sns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.login.program_sessions import (
    client_named,
    counted,
    posted_fields,
    session_answer,
)
from runtime.broker.outcomes import MOBILE_APP
from runtime.errors import GatewayError, WeChatRefused
from runtime.gateway import Gateway
from runtime.registry.models import App, Client
from runtime.registry.sign_in_apps import UnknownMobileApp, mobile_app_of
from runtime.registry.subjects import subject_of
from runtime.web.messages import Request, Response


class SdkCodeSpent(GatewayError):
    """The code is unknown, expired or used, or another app's."""

    status = 400
    errcode = 40029
    code = "sdk_code_spent"
    message = "The code is unknown, expired or used: send SendAuth again."


def mobile_app_sign_in(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/mobile: begin a session for the user who agreed in WeChat.

    `client_id` names the client, by default `LOGIN_CLIENT`; `appid` is needed where
    that client has several mobile apps.
    """
    fields = posted_fields(request, code="code")
    gateway.limits.sign_in(request)
    client = client_named(gateway, fields.get("client_id"), unknown=UnknownMobileApp)
    app = mobile_app_of(client, fields.get("appid"), find=gateway.registry.app)
    with counted(gateway, MOBILE_APP):
        profile = _exchange(gateway, client, app, fields["code"])
        sub = subject_of(app, profile["wechat_openid"], profile["wechat_unionid"])
        return session_answer(gateway, client, sub, profile, way=MOBILE_APP)


def _exchange(
    gateway: Gateway, client: Client, app: App, code: str
) -> Mapping[str, Any]:
    try:
        with gateway.sign_ins_in_flight.counted(client.client_id):
            return gateway.sign_in.exchange_code(app, code)
    except WeChatRefused as error:
        if not error.is_spent_code:
            raise
        raise SdkCodeSpent from None
