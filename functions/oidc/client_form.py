"""Form of the token and revocation endpoints, and the proof of the client in it.

A refusal is OAuthRefused with a code of RFC 6749, 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtime.broker.client_proof import client_by_secret, wrong_secret
from runtime.errors import GatewayError, InvalidClient
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.web.authorization_header import basic_of, scheme_of
from runtime.web.messages import URLENCODED, Request

Form = Mapping[str, str]


class OAuthRefused(GatewayError):
    """The request is refused; `code` is one of RFC 6749, 5.2."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code=code, message=message)


def client_form(request: Request) -> Form:
    """Return the posted parameters by name; OAuthRefused if there is a query, too."""
    if request.query:
        raise OAuthRefused("invalid_request", "The query must be empty.")
    if request.media_type != URLENCODED:
        raise OAuthRefused("invalid_request", f"The body must be {URLENCODED}.")
    pairs = request.form
    if len(dict(pairs)) < len(pairs):
        raise OAuthRefused("invalid_request", "A parameter is repeated.")
    # RFC 6749, 3.2: a parameter without a value counts as left out.
    return {name: value for name, value in pairs if value}


def client_of(request: Request, form: Form, gateway: Gateway) -> Client:
    """Return the client, proved by Basic or the form; a public one has no proof."""
    basic = basic_of(request)
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if basic is not None:
        if secret or client_id not in ("", basic.client_id):
            raise OAuthRefused("invalid_request", "The client is named in two ways.")
        client_id, secret = basic.client_id, basic.secret
    elif scheme_of(request):
        raise InvalidClient(cause="Authorization is no well-formed Basic")
    elif not secret:
        return _public_client(client_id, gateway)
    client = client_by_secret(request, gateway, secret, client_id=client_id)
    if client is None:
        raise InvalidClient(cause=wrong_secret(gateway, client_id))
    return client


def _public_client(client_id: str, gateway: Gateway) -> Client:
    client = gateway.registry.client(client_id)
    if client is None or client.disabled:
        raise InvalidClient(cause=wrong_secret(gateway, client_id))
    if not client.public:
        raise InvalidClient(cause=f"the client {client_id} has a secret: send it")
    return client
