"""The real access_token of WeChat, for a service that cannot do without it."""

from __future__ import annotations

from functions.wechat_api.authentication import (
    caller_by_query,
    caller_for_app,
    rate_cost_of,
)
from functions.wechat_api.report import note
from runtime.entry.dialects import ErrorInDialect, api_dialect_with_errcode
from runtime.errors import BadRequest, GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.tokens.gateway_tokens import TOKEN_READ, Caller
from runtime.web.messages import Request, Response, json_response


def real_token(request: Request, gateway: Gateway, appid: str) -> Response:
    """Answer GET /{appid}/access_token: the value and its remaining seconds.

    An SDK that can change only the token's URL sends client id and secret in the query,
    and reads the errcode of an error.
    """
    if request.argument("client_id") is None:
        known = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
        return _real_token(request, gateway, *known)
    try:
        known = caller_by_query(request, gateway, appid, scope=TOKEN_READ)
        return _real_token(request, gateway, *known)
    except GatewayError as error:
        raise ErrorInDialect(error, api_dialect_with_errcode) from error


def _real_token(
    request: Request, gateway: Gateway, app: App, caller: Caller
) -> Response:
    token = gateway.calls.real_token(app, cost=rate_cost_of(caller, gateway))
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
    gateway.calls.real_token(app, cost=rate_cost_of(caller, gateway))
    source = gateway.calls.real_token_source(app)
    dropped = gateway.custody.reject(source, value)
    token = gateway.calls.real_token(app)
    note(request, caller, "token_dropped" if dropped else "token_kept")
    return json_response({"dropped": dropped, "expires_in": int(token.seconds)})
