"""Scripts that pages load."""

from __future__ import annotations

from runtime.gateway import Gateway
from runtime.pages.rendering import TEMPLATES
from runtime.web.messages import Request, Response

# The page names no version of the script: for an hour it may meet an old one.
_SCRIPT_HEADERS = (
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "public, max-age=3600"),
)


def page_script(request: Request, gateway: Gateway, name: str) -> Response:
    """Answer GET /login/{name}.js by the script, which is the same for every user."""
    return Response(200, _SCRIPT_HEADERS, (TEMPLATES / f"{name}.js").read_bytes())
