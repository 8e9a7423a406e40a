"""POST /oidc/token by RFC 6749: the form, then the client, then the grant type."""

from __future__ import annotations

from functions.oidc.client_form import OAuthRefused, client_form, client_of
from functions.oidc.grant_types import GRANT_TYPES
from runtime.entry.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response, json_response


def issue(request: Request, gateway: Gateway) -> Response:
    """Answer with tokens that no cache may store."""
    form = client_form(request)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise OAuthRefused("invalid_request", "grant_type is missing.")
    if grant_type not in GRANT_TYPES:
        known = ", ".join(GRANT_TYPES)
        raise OAuthRefused("unsupported_grant_type", f"grant_type can be: {known}.")
    client = client_of(request, form, gateway)
    answer = GRANT_TYPES[grant_type](client, form, gateway)
    return json_response(answer).with_headers(NO_CACHE)
