"""Mini programs: sign-in by js_code as at WeChat, and decryption of user data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.wechat_api.authentication import (
    caller_for_app,
    client_of_component,
    client_of_secret,
)
from functions.wechat_api.report import note
from runtime.broker.admission import check_admitted
from runtime.entry.dialects import sns_response
from runtime.errors import ApiRefused, BadRequest
from runtime.gateway import Gateway
from runtime.registry.ids import APPID
from runtime.registry.models import ANYONE, App, Client
from runtime.registry.subjects import SubjectMissing, is_pairwise, openid_for
from runtime.web.messages import Request, Response, json_response
from runtime.wechat.js_codes import MiniProgramUser, mini_program_of
from runtime.wechat.user_data import CannotDecrypt, decrypt, is_signed

DECRYPT_SCOPE = "/decrypt"


def jscode2session(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/jscode2session: openid, and what else the client may know.

    `secret` is the client's. `appid` is the mini program's, or the client id if the
    client has one mini program.
    """
    fields = request.first_arguments
    client = client_of_secret(request, fields, gateway)
    return _session_of(client, fields, gateway)


def component_jscode2session(request: Request, gateway: Gateway) -> Response:
    """Answer GET /sns/component/jscode2session: the same, for an account.

    In place of a secret the client shows its token of the component.
    """
    fields = request.first_arguments
    return _session_of(client_of_component(fields, gateway), fields, gateway)


def _session_of(
    client: Client, fields: Mapping[str, str], gateway: Gateway
) -> Response:
    app = _app(client, fields["appid"], gateway)
    if fields.get("grant_type") != "authorization_code":
        raise ApiRefused(40002, "invalid_grant_type")
    if not fields.get("js_code"):
        raise ApiRefused(41008, "code_missing")

    def check(user: MiniProgramUser) -> None:
        if client.allow != ANYONE:
            check_admitted(gateway, client, _subject(app, user))

    with gateway.sign_ins_in_flight.counted(client.client_id):
        user = gateway.mini_programs.sign_in(
            client, app, fields["js_code"], check=check
        )
    gateway.openids.save(
        {
            "wechat_openid": user.openid,
            "wechat_unionid": user.unionid,
            "wechat_appid": app.appid,
        }
    )
    return sns_response(_session_for(client, user))


def decrypt_user_data(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer POST /{appid}/decrypt: the JSON that WeChat has encrypted about a user.

    `openid` is the one that the client knows. `raw_data` and `signature` are checked
    first if they are sent.
    """
    _, caller = caller_for_app(request, gateway, appid, scope=DECRYPT_SCOPE)
    fields = _fields(request)
    client = gateway.registry.client(caller.client_id)
    found = client and gateway.session_keys.find(client, appid, fields["openid"])
    if not client or not found:
        raise ApiRefused(87007, "session_key_unknown")
    _check_signature(fields, session_key=found)
    try:
        content = decrypt(
            fields["encrypted_data"], iv=fields["iv"], session_key=found, appid=appid
        )
    except CannotDecrypt:
        raise ApiRefused(40097, "cannot_decrypt") from None
    note(request, caller, "user_data_decrypted")
    return _answer(_content_for(client, content))


def _app(client: Client, appid: str, gateway: Gateway) -> App:
    registry = gateway.registry
    if not re.fullmatch(APPID, appid):
        return mini_program_of(client, None, registry=registry)
    if registry.scopes_of(client, appid) is None:
        raise ApiRefused(48001, "app_not_granted")
    return mini_program_of(client, appid, registry=registry)


def _subject(app: App, user: MiniProgramUser) -> str:
    try:
        return user.subject(app)
    except SubjectMissing:
        raise ApiRefused(48001, "unionid_missing") from None


def _session_for(client: Client, user: MiniProgramUser) -> Mapping[str, str]:
    content = {"openid": openid_for(client, user.openid)}
    if is_pairwise(client):
        # The unionid, or data that a session_key decrypts, would tell the real openid.
        return content
    if client.session_key:
        content = {"session_key": user.session_key, **content}
    if user.unionid:
        content["unionid"] = user.unionid
    return content


def _fields(request: Request) -> Mapping[str, str]:
    content = request.json()
    needed = {"openid", "encrypted_data", "iv"}
    if not isinstance(content, dict) or not needed <= content.keys():
        raise BadRequest
    if not all(isinstance(value, str) for value in content.values()):
        raise BadRequest
    if ("raw_data" in content) != ("signature" in content):
        raise BadRequest
    return content


def _check_signature(fields: Mapping[str, str], *, session_key: str) -> None:
    if "signature" not in fields:
        return
    raw_data, signature = fields["raw_data"], fields["signature"]
    if not is_signed(raw_data, signature, session_key=session_key):
        raise ApiRefused(87009, "signature_mismatch")


def _content_for(client: Client, content: dict[str, Any]) -> dict[str, Any]:
    if not is_pairwise(client):
        return content
    kept = {name: value for name, value in content.items() if name != "unionId"}
    if "openId" in kept:
        kept["openId"] = openid_for(client, str(kept["openId"]))
    return kept


def _answer(content: dict[str, Any]) -> Response:
    # In ASCII: a name can hold half a surrogate pair, which has no UTF-8.
    return replace(json_response({}), body=json.dumps(content).encode())
