"""POST /oidc/token by RFC 6749: the form, then the client, then the grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.oidc.client_form import Form, OAuthRefused, client_form, client_of
from functions.oidc.grant_types import (
    authorization_code,
    client_credentials,
    refresh_token,
)
from runtime.entry.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.web.messages import Request, Response, json_response

Grant = Callable[[Client, Form, Gateway], dict[str, object]]

GRANTS: Mapping[str, Grant] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
}


def issue(request: Request, gateway: Gateway) -> Response:
    """Answer a token, and let no cache keep it."""
    form = client_form(request)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise OAuthRefused("invalid_request", "grant_type is missing.")
    if grant_type not in GRANTS:
        known = ", ".join(GRANTS)
        raise OAuthRefused("unsupported_grant_type", f"grant_type can be: {known}.")
    client = client_of(request, form, gateway)
    answer = GRANTS[grant_type](client, form, gateway)
    return json_response(answer).with_headers(NO_CACHE)
