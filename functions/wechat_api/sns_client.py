"""Which client asks at /sns: by its secret, in WeChat's order of checks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.registry.app_ids import APPID
from runtime.registry.registry import Client, client_id_of
from runtime.web.messages import Request

_CLIENT_ID = re.compile("[a-z0-9][a-z0-9_-]{0,39}")


def client_of_secret(
    request: Request, fields: Mapping[str, str], gateway: Gateway
) -> Client:
    """Return the client that has this `secret`; `appid` is an app's id or its own.

    ApiRefused with 41002, 40013, 41004 or 40125 otherwise.
    """
    appid, secret = fields.get("appid", ""), fields.get("secret", "")
    if not appid:
        raise ApiRefused(41002, "appid_missing")
    if not _is_known(appid, gateway):
        raise ApiRefused(40013, "unknown_appid")
    if not secret:
        raise ApiRefused(41004, "secret_missing")
    named = None if re.fullmatch(APPID, appid) else appid
    with gateway.limits.wrong_secrets(client_id_of(secret), request):
        client = gateway.registry.client_of(secret)
        if client is None or named not in (None, client.client_id):
            raise ApiRefused(40125, "invalid_client_secret")
    return client


def _is_known(appid: str, gateway: Gateway) -> bool:
    # Its form first: what is looked up in vain costs a listing of the store.
    if re.fullmatch(APPID, appid):
        return gateway.registry.app(appid) is not None
    is_client = _CLIENT_ID.fullmatch(appid)
    return bool(is_client and gateway.registry.client(appid))
