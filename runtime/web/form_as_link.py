"""Forms posted by other sites: answered by a redirect to the same path with a query.

Our cookies are SameSite=Lax: they do not come with such a form, but they come with
the request that follows the redirect.
"""

from __future__ import annotations

from urllib.parse import urlencode

from runtime.errors import BadRequest
from runtime.web.messages import Request, Response, redirect

LONGEST_LINK = 4096
"""Most characters of path and query together on Function Compute."""


def form_as_link(request: Request, path: str) -> Response:
    """Redirect to the path with the form as its query; BadRequest if it is too long."""
    link = f"{path}?{urlencode(request.form)}"
    if len(link) > LONGEST_LINK:
        raise BadRequest
    return redirect(link)
