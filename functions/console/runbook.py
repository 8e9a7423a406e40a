"""Pages of the runbook: the documentation for operators, of the version that runs."""

from __future__ import annotations

import re

from functions.console.shell import console_page
from functions.console.visitor import Visitor, page_view
from runtime.errors import N_, NotFound
from runtime.gateway import Gateway
from runtime.operations.runbook import pages, text_of
from runtime.pages.markdown import html_of, title_of
from runtime.web.messages import Request, Response

_PAGE = re.compile(r"([a-z-]+)\.md(#[\w-]+)?")


@page_view
def runbook(
    request: Request, gateway: Gateway, seen: Visitor, page: str = ""
) -> Response:
    """Answer GET /console/runbook/{page}, and the list of all at /console/runbook."""
    found = [(name, title_of(text_of(name) or "")) for name in pages()]
    text = text_of(page) if page else ""
    if text is None:
        raise NotFound
    return console_page(
        request,
        gateway,
        seen,
        "runbook",
        title_of(text) if text else N_("Runbook"),
        template="runbook",
        text=html_of(text, link=_link),
        pages_of_runbook=found,
        shown=page,
    )


def _link(address: str) -> str | None:
    """Return where a link of the documentation leads within the console."""
    if address.startswith(("https://", "#")):
        return address
    found = _PAGE.fullmatch(address)
    return f"/console/runbook/{found[1]}{found[2] or ''}" if found else None
