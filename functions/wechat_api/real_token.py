"""The real access_token of WeChat, for a service that cannot do without it."""

from __future__ import annotations

import re

from functions.wechat_api.authentication import (
    ClientSecret,
    caller_by_secret,
    caller_for_app,
    rate_cost_of,
)
from functions.wechat_api.posted_form import posted_fields
from functions.wechat_api.report import note
from runtime.entry.dialects import ErrorInDialect, api_dialect_with_errcode
from runtime.errors import ApiRefused, BadRequest, GatewayError
from runtime.gateway import Gateway
from runtime.registry.ids import APPID
from runtime.registry.models import TOKEN_READ, App
from runtime.tokens.gateway_tokens import Caller
from runtime.web.authorization_header import scheme_of
from runtime.web.messages import Request, Response, json_response, single


def real_token(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer GET /{appid}/access_token: the value and its remaining seconds.

    An SDK that can change only the token's URL sends client id and secret in the query,
    and reads the errcode of an error.
    """
    client_id = request.argument("client_id")
    by_header = scheme_of(request) or request.argument("secret") is None
    if client_id is None and by_header:
        known = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
        return _real_token(request, gateway, *known)
    try:
        named = ClientSecret(request.argument("secret") or "", client_id or "")
        known = caller_by_secret(request, gateway, appid, named, scope=TOKEN_READ)
        return _real_token(request, gateway, *known)
    except GatewayError as error:
        raise ErrorInDialect(error, api_dialect_with_errcode) from error


def posted_real_token(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer POST /{appid}/access_token: the same, as an SDK fetches a stable token.

    Query, form or JSON have the client secret, which names its client. `client_id`, or
    an `appid` of the body that is none of WeChat's, has to be that client's.
    `force_refresh` is ignored: no client can end a token that others use.
    """
    try:
        named = _posted_secret(request, appid)
        if named is None:
            known = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
        else:
            known = caller_by_secret(request, gateway, appid, named, scope=TOKEN_READ)
        return _real_token(request, gateway, *known)
    except GatewayError as error:
        raise ErrorInDialect(error, api_dialect_with_errcode) from error


def _posted_secret(request: Request, appid: str) -> ClientSecret | None:
    """Return the secret of query or body, None if there is none."""
    body = posted_fields(request)
    pairs = (*request.arguments, *body)
    client_id, secret = single(pairs, "client_id"), single(pairs, "secret")
    sent = single(body, "appid")
    if secret is None and client_id is None:
        return None
    if sent and re.fullmatch(APPID, sent):
        if sent != appid:
            raise ApiRefused(40013, "unknown_appid")
    elif sent:
        if client_id not in (None, sent):
            raise BadRequest
        client_id = sent
    return ClientSecret(secret or "", client_id)


def _real_token(
    request: Request, gateway: Gateway, app: App, caller: Caller
) -> Response:
    token = gateway.calls_of(app).real_token(app, cost=rate_cost_of(caller, gateway))
    note(request, caller, "token_read")
    return json_response(
        {"access_token": token.value, "expires_in": int(token.seconds)}
    )


def reject(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer POST /{appid}/access_token/reject: WeChat refused this value.

    If it is still the stored one, a new one replaces it before the answer; `expires_in`
    is the remaining life of the one that is stored then.
    """
    app, caller = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
    content = request.json()
    value = content.get("access_token") if isinstance(content, dict) else None
    # WeChat's tokens are ASCII, and JSON can carry text that has no UTF-8.
    if not isinstance(value, str) or not value.isascii() or not value:
        raise BadRequest
    gateway.calls_of(app).real_token(app, cost=rate_cost_of(caller, gateway))
    source = gateway.calls_of(app).real_token_source(app)
    dropped = gateway.custody.reject(source, value)
    token = gateway.calls_of(app).real_token(app)
    note(request, caller, "token_dropped" if dropped else "token_kept")
    return json_response({"dropped": dropped, "expires_in": int(token.seconds)})
