"""The wechat_api function's routes."""

from __future__ import annotations

import re

from functions.wechat_api.access_token import access_token, reject
from functions.wechat_api.jssdk import jssdk_config
from functions.wechat_api.proxy import proxy, proxy_for_app
from functions.wechat_api.quota import quota
from functions.wechat_api.tokens import (
    TICKET_PATH,
    stable_token,
    ticket,
    ticket_for_app,
    token,
)
from runtime.dialects import api_dialect, wechat_dialect
from runtime.entrypoint import entrypoint
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.messages import Request, Response
from runtime.routing import View, dispatch, route

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})

_APPID = "wx[0-9a-f]{16}"
_OURS = f"/({_APPID})"
# No empty and no dotted segment: what is checked is what WeChat will see.
_PLAIN = r"(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+"


def _any(view: View) -> dict[str, View]:
    return dict.fromkeys(METHODS - {"HEAD"}, view)


ROUTES = (
    route(f"{_OURS}/access_token", GET=access_token),
    route(f"{_OURS}/access_token/reject", POST=reject),
    route(f"{_OURS}/jssdk_config", GET=jssdk_config),
    route(f"{_OURS}/quota", GET=quota),
    route(f"{_OURS}{TICKET_PATH}", GET=ticket_for_app),
    route(f"{_OURS}({_PLAIN})", **_any(proxy_for_app)),
    route("/cgi-bin/token", GET=token),
    route("/cgi-bin/stable_token", POST=stable_token),
    route(TICKET_PATH, GET=ticket),
    route(f"(?!/{_APPID}(?:/|$)){_PLAIN}", **_any(proxy)),
)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


def dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Say an error in our own JSON on our own paths, and as WeChat on WeChat's."""
    ours = re.match(f"/{_APPID}(?:/|$)", request.path)
    return (api_dialect if ours else wechat_dialect)(request, error, https=https)


handler = entrypoint(handle, mount="/wechat_api", dialect=dialect)
