"""What a client posts to the token endpoint and beside it, and the proof who it is."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.broker.client_proof import client_by_secret
from runtime.errors import GatewayError, InvalidClient
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.web.authorization_header import basic_of, scheme_of
from runtime.web.messages import Request


class OAuthRefused(GatewayError):
    """The request is refused; `code` is one of RFC 6749, 5.2."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


Form = Mapping[str, str]

FORM = "application/x-www-form-urlencoded"


def client_form(request: Request) -> Form:
    """Return the posted form by name; OAuthRefused if it is none, or not alone."""
    if request.query:
        raise OAuthRefused("invalid_request", "The query has to be empty.")
    if request.media_type != FORM:
        raise OAuthRefused("invalid_request", f"The body has to be {FORM}.")
    pairs = request.form
    if len({name for name, _ in pairs}) < len(pairs):
        raise OAuthRefused("invalid_request", "A parameter is there twice.")
    # RFC 6749, 3.2: a parameter without a value counts as left out.
    return {name: value for name, value in pairs if value}


def client_of(request: Request, form: Form, gateway: Gateway) -> Client:
    """Return the client, proved by Basic or the form; a public one names itself."""
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
    client = client_by_secret(request, gateway, secret, client_id=client_id)
    if client is None:
        raise InvalidClient
    return client


def _public_client(client_id: str, gateway: Gateway) -> Client:
    client = gateway.registry.client(client_id)
    if client is None or not client.public or client.disabled:
        raise InvalidClient
    return client
