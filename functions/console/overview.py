"""The first page of the console."""

from __future__ import annotations

from functions.console.shell import console_page
from functions.console.visitor import Visitor, page_view
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.conditions import conditions
from runtime.web.messages import Request, Response


@page_view
def overview(request: Request, gateway: Gateway, seen: Visitor) -> Response:
    """Answer GET /console/: whether everything is well, and what mends it if not."""
    return console_page(
        request,
        gateway,
        seen,
        "overview",
        N_("Overview"),
        conditions=conditions(gateway),
    )
