"""Small files: the proof of a domain for WeChat, and the scripts of pages."""

from __future__ import annotations

from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.pages.rendering import TEMPLATES
from runtime.web.messages import Request, Response

# The page names no version of the script: for an hour it may meet an old one.
_SCRIPT_HEADERS = (
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "public, max-age=3600"),
)


def domain_proof(request: Request, gateway: Gateway, word: str) -> Response:
    """Answer GET /MP_verify_{word}.txt by the word if an app's document lists it."""
    if not any(word in app.mp_verify for app in gateway.registry.apps()):
        raise NotFound
    headers = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    )
    return Response(200, headers, word.encode())


def page_script(request: Request, gateway: Gateway, name: str) -> Response:
    """Answer GET /login/{name}.js by the script, which is the same for every user."""
    return Response(200, _SCRIPT_HEADERS, (TEMPLATES / f"{name}.js").read_bytes())
