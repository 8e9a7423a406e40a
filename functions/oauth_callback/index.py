"""Routes of the oauth_callback function."""

from __future__ import annotations

from functions.oauth_callback.callback import oauth_callback
from runtime.entry.dialects import web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import dispatch, route
from runtime.gateway import Gateway
from runtime.registry.ids import APPID
from runtime.web.messages import Request, Response

METHODS = frozenset({"GET"})

ROUTES = (route(f"/({APPID})", GET=oauth_callback),)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


handler = entrypoint(
    handle, mount="/oauth_callback", dialect=web_dialect, waits=lambda path: True
)
