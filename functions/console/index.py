"""Routes of the console function: metrics, and the operators' pages."""

from __future__ import annotations

from runtime.entry.dialects import oauth_dialect, web_dialect
from runtime.entry.entrypoint import entrypoint
from runtime.entry.routing import (
    MEDIUM_BODY,
    SMALL_BODY,
    UNREAD_BODY,
    Route,
    View,
    late,
    page_route,
    route,
)
from runtime.errors import GatewayError, MethodNotAllowed, NotFound, PayloadTooLarge
from runtime.web.messages import Request, Response

METHODS = frozenset({"GET", "HEAD", "POST"})

METRICS = "/metrics"

metrics = late("functions.console.metrics")
entry = late("functions.console.entry")
actions = late("functions.console.actions")
overview = late("functions.console.overview")
apps = late("functions.console.apps")
clients = late("functions.console.clients")
calls = late("functions.console.calls")
pushes = late("functions.console.pushes")
users = late("functions.console.users")
documents = late("functions.console.documents")
audit = late("functions.console.audit")
alerts = late("functions.console.alerts")
runbook = late("functions.console.runbook")
nothing = late("functions.console.unknown")

_ID = "[A-Za-z0-9_-]{1,64}"


def _page(path: str, view: View) -> Route:
    return page_route(path, body=UNREAD_BODY, GET=view)


ROUTES = (
    route(METRICS, body=UNREAD_BODY, GET=metrics.metrics),
    page_route(r"/enter", body=SMALL_BODY, GET=entry.enter_page, POST=entry.enter),
    route(r"/leave", body=SMALL_BODY, POST=entry.leave),
    route(r"/do/([a-z_]{1,20})", body=MEDIUM_BODY, POST=actions.do),
    route(r"/ask/([a-z_]{1,20})", body=UNREAD_BODY, GET=actions.ask),
    route(r"/done/([A-Za-z0-9_-]{16})", body=UNREAD_BODY, GET=actions.done),
    page_route(r"/", body=UNREAD_BODY, GET=overview.overview),
    _page(r"/apps", apps.apps),
    _page(rf"/apps/({_ID})", apps.app),
    _page(r"/clients", clients.clients),
    _page(rf"/clients/({_ID})", clients.client),
    _page(r"/calls", calls.calls),
    _page(r"/pushes", pushes.pushes),
    _page(rf"/pushes/({_ID})", pushes.pushes_of_app),
    _page(rf"/pushes/({_ID})/([0-9]{{1,16}}-[0-9]{{1,16}})", pushes.push),
    _page(r"/people", users.users),
    _page(r"/people/([0-9a-f]{64})", users.user),
    _page(r"/documents", documents.documents),
    _page(rf"/documents/([a-z]{{1,16}})/({_ID})", documents.document),
    _page(r"/audit", audit.audit),
    _page(r"/audit/([0-9-]{10})/([0-9.]{13}-[0-9a-f]{12})", audit.act),
    _page(r"/alerts", alerts.alerts),
    _page(r"/runbook", runbook.runbook),
    _page(r"/runbook/([a-z-]{1,32})", runbook.runbook),
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
