"""POST /oidc/token by RFC 6749: the form, then the client, then the grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.oidc.authorization_code import authorization_code
from functions.oidc.client_credentials import client_credentials
from functions.oidc.oauth_refused import OAuthRefused
from functions.oidc.refresh_token import refresh_token
from runtime.authorization import InvalidClient, basic_of, known_client, scheme_of
from runtime.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.messages import Request, Response, json_response
from runtime.registry import Client

Form = Mapping[str, str]
Grant = Callable[[Client, Form, Gateway], dict[str, object]]

GRANTS: Mapping[str, Grant] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
}

FORM = "application/x-www-form-urlencoded"


def issue(request: Request, gateway: Gateway) -> Response:
    """Answer a token, and let no cache keep it."""
    form = _form(request)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise OAuthRefused("invalid_request", "grant_type is missing.")
    if grant_type not in GRANTS:
        known = ", ".join(GRANTS)
        raise OAuthRefused("unsupported_grant_type", f"grant_type can be: {known}.")
    client = _client(request, form, gateway)
    answer = GRANTS[grant_type](client, form, gateway)
    return json_response(answer).with_headers(NO_CACHE)


def _form(request: Request) -> Form:
    if request.query:
        raise OAuthRefused("invalid_request", "The query has to be empty.")
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise OAuthRefused("invalid_request", f"The body has to be {FORM}.")
    pairs = request.form
    if len({name for name, _ in pairs}) < len(pairs):
        raise OAuthRefused("invalid_request", "A parameter is there twice.")
    # RFC 6749, 3.2: a parameter without a value counts as left out.
    return {name: value for name, value in pairs if value}


def _client(request: Request, form: Form, gateway: Gateway) -> Client:
    basic = basic_of(request)
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if basic is not None:
        if secret or client_id not in ("", basic.client_id):
            raise OAuthRefused("invalid_request", "The client is named in two ways.")
        client_id, secret = basic.client_id, basic.secret
    elif scheme_of(request):
        raise InvalidClient
    elif not secret:
        return _public_client(client_id, gateway)
    with gateway.limits.wrong_secrets(client_id, request):
        return known_client(client_id, secret, registry=gateway.registry)


def _public_client(client_id: str, gateway: Gateway) -> Client:
    client = gateway.registry.client(client_id)
    if client is None or not client.public or client.disabled:
        raise InvalidClient
    return client
