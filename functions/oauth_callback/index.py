"""The oauth_callback function's routes."""

from __future__ import annotations

from functions.oauth_callback.callback import come_back
from runtime.app_ids import APPID
from runtime.dialects import web_dialect
from runtime.entrypoint import entrypoint
from runtime.gateway import Gateway
from runtime.messages import Request, Response
from runtime.routing import dispatch, route

METHODS = frozenset({"GET"})

ROUTES = (route(f"/({APPID})", GET=come_back),)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


handler = entrypoint(handle, mount="/oauth_callback", dialect=web_dialect)
