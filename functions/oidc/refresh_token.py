"""The grant by which a client goes on without the person: its refresh token, once."""

from __future__ import annotations

from collections.abc import Mapping

from functions.oidc.oauth_refused import OAuthRefused
from functions.oidc.user_tokens import user_tokens
from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.gateway_tokens import InvalidScope
from runtime.tokens.grant import InvalidGrant


def refresh_token(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return new tokens, a refresh token too; the one that was sent is spent.

    A `scope` can ask for no more than was granted, and is answered with all of that.
    """
    token = form.get("refresh_token")
    if token is None:
        raise OAuthRefused("invalid_request", "refresh_token is missing.")
    living = gateway.user_grants.of_refresh(token, now=gateway.clock())
    grant = living.grant
    if grant.dialect != OIDC or not grant.is_of(client):
        raise InvalidGrant
    if not set(form.get("scope", "").split()) <= set(grant.scope):
        raise InvalidScope
    number = gateway.user_grants.rotate(living.id, living.number)
    return user_tokens(client, living.id, grant, gateway, number=number)
