"""A mini program's encrypted user data, opened with the session_key that we keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.wechat_api.authentication import access_for_app
from functions.wechat_api.report import note
from runtime.errors import ApiRefused, BadRequest
from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.registry.subjects import is_pairwise, openid_for
from runtime.web.messages import Request, Response, json_response
from runtime.wechat.user_data import CannotDecrypt, decrypt, is_signed

SCOPE = "/decrypt"


def decrypt_user_data(request: Request, gateway: Gateway, appid: str) -> Response:
    """POST /{appid}/decrypt: the JSON object that WeChat has encrypted for a person.

    `openid` is as the client knows it; where `raw_data` and `signature` come along,
    they are checked first.
    """
    _, access = access_for_app(request, gateway, appid, scope=SCOPE)
    fields = _fields(request)
    client = gateway.registry.client(access.client_id)
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
    note(request, access, "user_data_decrypted")
    return _answer(_as_known_to(client, content))


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


def _as_known_to(client: Client, content: dict[str, Any]) -> dict[str, Any]:
    if not is_pairwise(client):
        return content
    kept = {name: value for name, value in content.items() if name != "unionId"}
    if "openId" in kept:
        kept["openId"] = openid_for(client, str(kept["openId"]))
    return kept


def _answer(content: dict[str, Any]) -> Response:
    # In ASCII: half a surrogate pair, of which WeChat makes names, has no UTF-8.
    return replace(json_response({}), body=json.dumps(content).encode())
