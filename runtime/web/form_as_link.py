"""A form that another site posts here is answered by a link to the same address.

No cookie comes with another site's form, but one does with what follows it: our
cookies are SameSite=Lax.
"""

from __future__ import annotations

from urllib.parse import urlencode

from runtime.errors import BadRequest
from runtime.web.messages import Request, Response, redirect

LONGEST_LINK = 4096
"""Characters of path and query together: Function Compute takes no more."""


def form_as_link(request: Request, path: str) -> Response:
    """Lead the browser to the path with the form as its query; BadRequest if long."""
    link = f"{path}?{urlencode(request.form)}"
    if len(link) > LONGEST_LINK:
        raise BadRequest
    return redirect(link)
