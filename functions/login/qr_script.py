"""/login/qr.js: what puts WeChat's QR code into the sign-in page."""

from __future__ import annotations

from runtime.gateway import Gateway
from runtime.pages.rendering import TEMPLATES
from runtime.web.messages import Request, Response

# The page does not name a version: an hour is how long an old script may meet it.
HEADERS = (
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "public, max-age=3600"),
)


def qr_script(request: Request, gateway: Gateway) -> Response:
    """Return the script; it holds nothing of a person, so every cache may keep it."""
    return Response(200, HEADERS, (TEMPLATES / "qr.js").read_bytes())
