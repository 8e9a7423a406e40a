"""The real access_token, for a service that cannot do without it."""

from __future__ import annotations

from functions.wechat_api.authentication import caller_for_app, rate_cost_of
from functions.wechat_api.report import note
from runtime.errors import BadRequest
from runtime.gateway import Gateway
from runtime.tokens.gateway_tokens import TOKEN_READ
from runtime.web.messages import Request, Response, json_response


def access_token(request: Request, gateway: Gateway, appid: str) -> Response:
    """GET /{appid}/access_token: the value and its remaining life in seconds."""
    app, caller = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
    token = gateway.calls.real_token(app, cost=rate_cost_of(caller, gateway))
    note(request, caller, "token_read")
    return json_response(
        {"access_token": token.value, "expires_in": int(token.seconds)}
    )


def reject(request: Request, gateway: Gateway, appid: str) -> Response:
    """POST /{appid}/access_token/reject: WeChat refused this value.

    It is dropped if it is still the stored one, and a fresh one is there when this
    answers; `expires_in` is the life of what stands there now.
    """
    app, caller = caller_for_app(request, gateway, appid, scope=TOKEN_READ)
    content = request.json()
    value = content.get("access_token") if isinstance(content, dict) else None
    # What is not ASCII was never WeChat's, and may not even be text.
    if not isinstance(value, str) or not value.isascii() or not value:
        raise BadRequest
    gateway.calls.real_token(app, cost=rate_cost_of(caller, gateway))
    source = gateway.calls.real_token_source(app)
    dropped = gateway.custody.reject(source, value)
    token = gateway.calls.real_token(app)
    note(request, caller, "token_dropped" if dropped else "token_kept")
    return json_response({"dropped": dropped, "expires_in": int(token.seconds)})
