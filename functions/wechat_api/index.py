"""The wechat_api function's routes."""

from __future__ import annotations

from functions.wechat_api.proxy import proxy
from functions.wechat_api.tokens import stable_token, ticket, token
from runtime.dialects import wechat_dialect
from runtime.entrypoint import entrypoint
from runtime.gateway import Gateway
from runtime.messages import Request, Response
from runtime.routing import dispatch, route

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})

_ANY = dict.fromkeys(METHODS - {"HEAD"}, proxy)

ROUTES = (
    route(r"/cgi-bin/token", GET=token),
    route(r"/cgi-bin/stable_token", POST=stable_token),
    route(r"/cgi-bin/ticket/getticket", GET=ticket),
    # No empty and no dotted segment: what is checked is what WeChat will see.
    route(r"(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+", **_ANY),
)


def handle(request: Request, gateway: Gateway) -> Response:
    """Answer one request."""
    return dispatch(ROUTES, request, gateway)


handler = entrypoint(handle, mount="/wechat_api", dialect=wechat_dialect)
