"""Posted forms in place of queries, as several SDKs spell calls that are documented
with GET.

The form's pairs stand behind the query's, so that of a repeated name the query counts.
"""

from __future__ import annotations

from dataclasses import replace

from runtime.entry.routing import View
from runtime.errors import BadRequest
from runtime.gateway import Gateway
from runtime.web.messages import URLENCODED, Request, Response

FORM_BODY = 4 * 1024
"""Most bytes of such a form: ids, a secret, a code and a callback URL."""


def got_or_posted(view: View) -> dict[str, View]:
    """Return the views of a route that reads its parameters from query or form."""

    def posted(request: Request, gateway: Gateway, *groups: str) -> Response:
        return view(_with_form(request), gateway, *groups)

    return {"GET": view, "POST": posted}


def posted_fields(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a form, or the texts of a JSON object; BadRequest if neither.

    An empty body has none.
    """
    if not request.body:
        return ()
    if request.media_type == URLENCODED:
        return request.form
    content = request.json()
    if not isinstance(content, dict):
        raise BadRequest
    return tuple(
        (name, each) for name, each in content.items() if isinstance(each, str)
    )


def _with_form(request: Request) -> Request:
    if not request.body or request.media_type != URLENCODED:
        return request
    try:
        form = request.body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise BadRequest from None
    query = f"{request.query}&{form}" if request.query else form
    return replace(request, query=query)
