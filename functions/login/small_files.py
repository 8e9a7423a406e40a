"""The file by which WeChat is shown that a domain is the company's."""

from __future__ import annotations

from runtime.errors import NotFound
from runtime.gateway import Gateway
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
