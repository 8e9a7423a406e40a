"""The file by which WeChat is shown that a domain is the company's."""

from __future__ import annotations

from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.pages.rendering import TEMPLATES
from runtime.web.messages import Request, Response


def domain_proof(request: Request, gateway: Gateway, word: str) -> Response:
    """GET /MP_verify_{word}.txt: the word alone, if an app's document lists it."""
    if not any(word in app.mp_verify for app in gateway.registry.apps()):
        raise NotFound
    headers = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    )
    return Response(200, headers, word.encode())


# The page does not name a version: an hour is how long an old script may meet it.
HEADERS = (
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "public, max-age=3600"),
)


def qr_script(request: Request, gateway: Gateway) -> Response:
    """Return the script; it holds nothing of a person, so every cache may keep it."""
    return Response(200, HEADERS, (TEMPLATES / "qr.js").read_bytes())
