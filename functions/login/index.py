"""The login function's routes."""

from __future__ import annotations

from functions.login.pages import logout, logout_page, sign_in_page, who_am_i
from runtime.dialects import web_dialect
from runtime.entrypoint import entrypoint
from runtime.gateway import Gateway
from runtime.messages import Request, Response
from runtime.routing import dispatch, route

METHODS = frozenset({"GET", "HEAD", "POST"})

ROUTES = (
    route(r"/", GET=sign_in_page),
    route(r"/me", GET=who_am_i),
    route(r"/logout", GET=logout_page, POST=logout),
)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


handler = entrypoint(handle, mount="/login", dialect=web_dialect)
