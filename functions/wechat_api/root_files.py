"""Files at the root that crawlers fetch: proofs of a domain, favicon.ico, robots.txt.

They are answered without a token and without WeChat.
"""

from __future__ import annotations

import base64

from runtime.errors import NotFound
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.web.messages import Request, Response

_A_DAY = ("Cache-Control", "public, max-age=86400")

# A green square of 16 by 16 pixels, its corners cut off, as PNG.
_ICON = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAABlBMVEX///8HwWDP3kKsAAAAAXRSTlMA"
    "QObYZgAAABJJREFUeNpjqP/H8P8/saj+HwDknx7f3T7PPQAAAABJRU5ErkJggg=="
)


def domain_proof(request: Request, gateway: Gateway, name: str) -> Response:
    """Answer GET /{name} by the text that an app's document has for this file.

    WeChat, WeCom and open platforms fetch such a file to see whose domain it is.
    """
    for app in gateway.registry.apps():
        content = _proof_of(app, name)
        if content is not None:
            headers = (
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Cache-Control", "no-store"),
            )
            return Response(200, headers, content.encode())
    raise NotFound


def favicon(request: Request, gateway: Gateway) -> Response:
    """Answer GET /favicon.ico by a small icon, which every browser asks for."""
    return Response(200, (("Content-Type", "image/png"), _A_DAY), _ICON)


def robots(request: Request, gateway: Gateway) -> Response:
    """Answer GET /robots.txt: there is nothing here for a search engine."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), _A_DAY)
    return Response(200, headers, b"User-agent: *\nDisallow: /\n")


def _proof_of(app: App, name: str) -> str | None:
    if name in app.domain_proofs:
        return app.domain_proofs[name]
    # The field of version 0.1.0 has the words alone.
    word = name.removeprefix("MP_verify_").removesuffix(".txt")
    is_word = name == f"MP_verify_{word}.txt" and word in app.mp_verify
    return word if is_word else None
