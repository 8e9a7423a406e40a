"""The oidc function's routes."""

from __future__ import annotations

from functions.oidc.token_endpoint import issue
from runtime.dialects import oauth_dialect
from runtime.entrypoint import entrypoint
from runtime.gateway import Gateway
from runtime.messages import Request, Response
from runtime.routing import dispatch, route

# GET is taken, so that it can be refused in OAuth's own form.
METHODS = frozenset({"GET", "HEAD", "POST"})

ROUTES = (route(r"/token", POST=issue),)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


handler = entrypoint(handle, mount="/oidc", dialect=oauth_dialect)
