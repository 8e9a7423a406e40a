"""Mini-program sign-in in WeChat's own shape and order of checks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.wechat_api.sns_client import client_of_secret
from runtime.entry.sns_dialect import sns_response
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.registry.app_ids import APPID
from runtime.registry.registry import App, Client
from runtime.registry.subjects import is_pairwise, openid_for
from runtime.web.messages import Request, Response
from runtime.wechat.mini_programs import MiniProgramUser, mini_program_of


def jscode2session(request: Request, gateway: Gateway) -> Response:
    """GET /sns/jscode2session: openid, and what the client may know besides.

    `secret` is the client's. `appid` is the mini program's, or the client id where
    the client has one mini program. Of a POST the query alone is read, as at WeChat.
    """
    # WeChat takes the first of a name that comes twice.
    fields = dict(reversed(request.arguments))
    client = client_of_secret(request, fields, gateway)
    app = _app(client, fields["appid"], gateway)
    if fields.get("grant_type") != "authorization_code":
        raise ApiRefused(40002, "invalid_grant_type")
    if not fields.get("js_code"):
        raise ApiRefused(41008, "code_missing")
    user = gateway.mini_programs.exchange(client, app, fields["js_code"])
    return sns_response(_as_known_to(client, user))


def _app(client: Client, appid: str, gateway: Gateway) -> App:
    find = gateway.registry.app
    if not re.fullmatch(APPID, appid):
        return mini_program_of(client, None, find=find)
    if appid not in client.scopes:
        raise ApiRefused(48001, "app_not_granted")
    return mini_program_of(client, appid, find=find)


def _as_known_to(client: Client, user: MiniProgramUser) -> Mapping[str, str]:
    content = {"openid": openid_for(client, user.openid)}
    if is_pairwise(client):
        # By unionid, or what a session_key decrypts, it would learn the real names.
        return content
    if client.session_key:
        content = {"session_key": user.session_key, **content}
    if user.unionid:
        content["unionid"] = user.unionid
    return content
