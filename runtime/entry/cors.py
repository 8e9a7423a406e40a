"""CORS: views that pages of registered origins may call by script.

These views read no cookie. A page of another origin gets the same answer, but its
browser does not let it read the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, cast

from runtime.entry.dialects import Dialect, ErrorInDialect, oauth_dialect
from runtime.entry.routing import View
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.web.line_limit import LineLimit
from runtime.web.messages import Headers, Request, Response
from runtime.web.request_causes import host_of

PREFLIGHT_SECONDS = 600

log = logging.getLogger("gateway")

_UNKNOWN = LineLimit()


def for_pages(**views: View) -> dict[str, View]:
    """Return the views by method, with CORS headers, and a view for OPTIONS."""
    methods = ("Access-Control-Allow-Methods", ", ".join(views))

    def preflight(request: Request, gateway: Gateway) -> Response:
        opened = _opened(request, gateway)
        known = len(opened) > 1
        return Response(204, (*opened, methods, *_PREFLIGHT) if known else opened)

    return {**{name: _open(view) for name, view in views.items()}, "OPTIONS": preflight}


_PREFLIGHT: Headers = (
    ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
    ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
)


class OpenedView(Protocol):
    """A view whose answers pages of other origins may read."""

    refused: Callable[[Request, Gateway, GatewayError], ErrorInDialect]
    """Returns the error that a page may read, if the view itself is not reached."""

    def __call__(self, request: Request, gateway: Gateway) -> Response: ...


def _open(view: View) -> View:
    def answer(request: Request, gateway: Gateway) -> Response:
        opened = _opened(request, gateway)
        try:
            return view(request, gateway).with_headers(*opened)
        except GatewayError as error:
            # The page has to read an error, too.
            raise ErrorInDialect(error, _with_headers(opened)) from error

    def refused(
        request: Request, gateway: Gateway, error: GatewayError
    ) -> ErrorInDialect:
        return ErrorInDialect(error, _with_headers(_opened(request, gateway)))

    opens = cast("OpenedView", answer)
    opens.refused = refused
    return opens


def _with_headers(opened: Headers) -> Dialect:
    def dialect(request: Request, error: GatewayError, *, https: bool) -> Response:
        return oauth_dialect(request, error, https=https).with_headers(*opened)

    return dialect


def _opened(request: Request, gateway: Gateway) -> Headers:
    vary = ("Vary", "Origin")
    origin = request.header("origin")
    if origin is None:
        return (vary,)
    if not gateway.page_origins.know(origin):
        left_out = _UNKNOWN.count("origin")
        if left_out is not None:
            log.info(
                "%s origin %s may not read answers, no public client has it%s",
                request.request_id,
                host_of(origin),
                f" ({left_out} more were left out)" if left_out else "",
            )
        return (vary,)
    return (vary, ("Access-Control-Allow-Origin", origin))
