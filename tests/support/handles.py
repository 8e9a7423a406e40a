"""Functions as tests call them: with a request and a gateway, without a platform."""

from __future__ import annotations

from functions.admin.index import ROUTES as ADMIN
from functions.login.index import ROUTES as LOGIN
from functions.oauth_callback.index import ROUTES as OAUTH_CALLBACK
from functions.oidc.index import ROUTES as OIDC
from functions.wechat_api.index import ROUTES as WECHAT_API
from runtime.entry.routing import find


def handle_of(routes):
    """Return a function that answers a request by these routes."""

    def handle(request, gateway):
        view, groups, _ = find(routes, method=request.method, path=request.path)
        return view(request, gateway, *groups)

    return handle


admin = handle_of(ADMIN)
login = handle_of(LOGIN)
oauth_callback = handle_of(OAUTH_CALLBACK)
oidc = handle_of(OIDC)
wechat_api = handle_of(WECHAT_API)
