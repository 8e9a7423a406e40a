"""Proxy for all other API paths: puts in the real token, returns WeChat's answer."""

from __future__ import annotations

import re
from dataclasses import replace

from functions.wechat_api.authentication import caller_for_app, caller_of
from functions.wechat_api.forwarding import forwarded
from runtime.errors import ApiRefused, NotFound
from runtime.gateway import Gateway
from runtime.web.authorization_header import scheme_of
from runtime.web.messages import Request, Response

_REFUSED = re.compile(
    # Paths that take or reveal a secret or a token, and the ones of sign-in.
    r"/cgi-bin/(clear_quota/v2|component/.*|openapi/rid/get|token|stable_token"
    r"|ticket/.*)|/sns/.*|/wxa/resetusersessionkey",
    re.IGNORECASE,
)


def proxy(request: Request, gateway: Gateway) -> Response:
    """Forward the call and return WeChat's status, content type and bytes."""
    _check_path(request.path, has_token=bool(request.argument("access_token")))
    app, caller = caller_of(request, gateway)
    return forwarded(request, gateway, app, caller)


def proxy_for_app(
    request: Request, gateway: Gateway, appid: str, path: str
) -> Response:
    """Forward a call whose path names the app."""
    sent = scheme_of(request) or request.argument("access_token")
    _check_path(path, has_token=bool(sent))
    app, caller = caller_for_app(request, gateway, appid, scope=path)
    return forwarded(replace(request, path=path), gateway, app, caller)


def no_path(request: Request, gateway: Gateway) -> Response:
    """Refuse a path of characters that WeChat's do not have: 41001, else 40066."""
    caller_of(request, gateway)
    raise NotFound


def _check_path(path: str, *, has_token: bool) -> None:
    if not _REFUSED.fullmatch(path.rstrip("/")):
        return
    if not has_token:
        # As WeChat does, which looks at the token first.
        raise ApiRefused(41001, "access_token_missing")
    raise ApiRefused(48001, "path_not_proxied")
