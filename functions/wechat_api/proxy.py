"""Proxy for all other API paths: puts in the real token, returns WeChat's answer."""

from __future__ import annotations

import re
from dataclasses import replace

from functions.wechat_api.authentication import caller_for_app, caller_of, token_of
from functions.wechat_api.forwarding import forwarded
from runtime.errors import ApiRefused, NotFound
from runtime.gateway import Gateway
from runtime.registry.authorizers import in_force
from runtime.registry.models import App
from runtime.tokens.gateway_tokens import Caller
from runtime.web.authorization_header import scheme_of
from runtime.web.messages import Request, Response
from runtime.web.request_causes import shown_path
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.component_paths import is_never_forwarded, takes_component_token

_REFUSED = re.compile(
    # Paths that take or reveal a secret or a token, and the ones of sign-in.
    r"/cgi-bin/(clear_quota/v2|openapi/rid/get|token|stable_token|ticket/.*)"
    r"|/sns/.*|/wxa/resetusersessionkey",
    re.IGNORECASE,
)


def proxy(request: Request, gateway: Gateway) -> Response:
    """Forward the call and return WeChat's status, content type and bytes."""
    _check_path(request.path, has_token=bool(token_of(request)))
    app, caller = caller_of(request, gateway)
    _check_platform(app, request.path)
    app = _acting(gateway, app, caller, request.path)
    return forwarded(request, gateway, app, caller)


def proxy_for_app(
    request: Request, gateway: Gateway, appid: str, path: str
) -> Response:
    """Forward a call whose path names the app."""
    sent = scheme_of(request) or token_of(request)
    _check_path(path, has_token=bool(sent))
    app, caller = caller_for_app(request, gateway, appid, scope=path)
    _check_platform(app, path)
    app = _acting(gateway, app, caller, path)
    return forwarded(replace(request, path=path), gateway, app, caller)


def no_path(request: Request, gateway: Gateway) -> Response:
    """Refuse a path of characters that WeChat's do not have: 41001, else 40066."""
    caller_of(request, gateway)
    raise NotFound


def _acting(gateway: Gateway, app: App, caller: Caller, path: str) -> App:
    """Return the app whose token the path takes: for some that of the component.

    An account's caller needs the path in its scopes for the component, too.
    """
    if not app.is_authorized or not takes_component_token(path):
        return app
    authorizer = in_force(app.authorizers)
    if authorizer is None:
        raise not_authorized()
    client = gateway.registry.client(caller.client_id)
    component = gateway.registry.own_app(authorizer.component)
    if client is None or component is None:
        raise ApiRefused(61014, "component_token_needed")
    scopes = gateway.registry.scopes_of(client, authorizer.component) or ()
    if not replace(caller, scopes=scopes).allows(path):
        raise ApiRefused(61014, "component_token_needed")
    return component


def _check_platform(app: App, path: str) -> None:
    """Refuse what is secret at WeCom, and what none of its paths is."""
    if not app.is_wecom:
        return
    from runtime.wecom.paths import is_never_forwarded as is_secret

    if is_secret(path) or not path.startswith("/cgi-bin/"):
        raise ApiRefused(48001, "path_not_proxied", cause=f"path {shown_path(path)}")


def _check_path(path: str, *, has_token: bool) -> None:
    if not _REFUSED.fullmatch(path.rstrip("/")) and not is_never_forwarded(path):
        return
    if not has_token:
        # As WeChat does, which looks at the token first.
        raise ApiRefused(41001, "access_token_missing")
    raise ApiRefused(48001, "path_not_proxied", cause=f"path {shown_path(path)}")
