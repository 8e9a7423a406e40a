"""Who calls, for which app, and whether the path is in their scope."""

from __future__ import annotations

from runtime.access import Access
from runtime.errors import ApiRefused
from runtime.gateway import Gateway
from runtime.messages import Request
from runtime.registry import App


def access_of(request: Request, gateway: Gateway) -> tuple[App, Access]:
    """Return the app and what the gateway token allows; ApiRefused otherwise."""
    text = request.argument("access_token")
    if not text:
        raise ApiRefused(41001, "access_token_missing")
    access = gateway.access_tokens.read(text, now=gateway.clock())
    app = gateway.registry.app(access.appid)
    if app is None:
        raise ApiRefused(40013, "unknown_appid")
    if not access.allows(request.path):
        raise ApiRefused(48001, "path_not_in_scope")
    return app, access
