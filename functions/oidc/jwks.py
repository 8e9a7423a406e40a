"""GET /oidc/jwks: the public keys by which anybody checks an ID token."""

from __future__ import annotations

from runtime.gateway import Gateway
from runtime.web.messages import Headers, Request, Response

CACHED: Headers = (
    ("Content-Type", "application/json"),
    # A new key is published this long before it signs, see docs/configuration.md.
    ("Cache-Control", "public, max-age=3600"),
)


def jwks(request: Request, gateway: Gateway) -> Response:
    """Answer all keys of OIDC_KEY, without what signs."""
    return Response(200, CACHED, gateway.oidc_keys.jwks)
