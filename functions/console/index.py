"""Routes of the console function: metrics, and the operators' pages."""

from __future__ import annotations

from runtime.entry.dialects import oauth_dialect, web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import MEDIUM_BODY, SMALL_BODY, UNREAD_BODY, late, route
from runtime.errors import GatewayError, MethodNotAllowed, NotFound, PayloadTooLarge
from runtime.web.messages import Request, Response

METHODS = frozenset({"GET", "HEAD", "POST"})

METRICS = "/metrics"

metrics = late("functions.console.metrics")
entry = late("functions.console.entry")
actions = late("functions.console.actions")
overview = late("functions.console.overview")
nothing = late("functions.console.unknown")

ROUTES = (
    route(METRICS, body=UNREAD_BODY, GET=metrics.metrics),
    route(r"/enter", body=SMALL_BODY, GET=entry.enter_page, POST=entry.enter),
    route(r"/leave", body=SMALL_BODY, POST=entry.leave),
    route(r"/do/([a-z_]{1,20})", body=MEDIUM_BODY, POST=actions.do),
    route(r"/ask/([a-z_]{1,20})", body=UNREAD_BODY, GET=actions.ask),
    route(r"/done/([A-Za-z0-9_-]{16})", body=UNREAD_BODY, GET=actions.done),
    route(r"/", body=UNREAD_BODY, GET=overview.overview),
    route(r"/.*", body=SMALL_BODY, GET=nothing.unknown, POST=nothing.unknown),
)

_TELLING = (MethodNotAllowed, PayloadTooLarge)
"""Errors that come before a view, and only where a path is one."""


def console_dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
    """Answer with a page; a stranger learns by no error which paths there are."""
    if request.path == METRICS:
        return oauth_dialect(request, error, https=https)
    if isinstance(error, _TELLING):
        error = NotFound()
    return web_dialect(request, error, https=https)


_WAITING = ("/do/refresh", "/do/ticket")

handler = entrypoint(
    ROUTES,
    mount="/console",
    dialect=console_dialect,
    waits=lambda method, path, query: path in _WAITING,
)
