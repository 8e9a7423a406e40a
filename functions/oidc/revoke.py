"""POST /oidc/revoke by RFC 7009: a client ends a user's tokens.

The tokens of one sign-in end together, whichever of them is sent. `token_type_hint` is
ignored: each token tells its own type.
"""

from __future__ import annotations

from functions.oidc.client_form import OAuthRefused, client_form, client_of
from runtime.entry.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.tokens.gateway_tokens import GatewayToken, InvalidToken
from runtime.web.messages import Request, Response


def revoke(request: Request, gateway: Gateway) -> Response:
    """Revoke the grant of the token; an unknown token counts as revoked."""
    form = client_form(request)
    client = client_of(request, form, gateway)
    token = form.get("token")
    if token is None:
        raise OAuthRefused("invalid_request", "token is missing.")
    named = gateway.grants.named_by(token, now=gateway.clock())
    if named is not None:
        id_, grant = named
        if grant.client_id != client.client_id:
            raise OAuthRefused("invalid_grant", "The token is another client's.")
        gateway.grants.revoke(id_)
    elif _is_gateway_token(token, gateway):
        why = "A token of client_credentials expires, or ends with its client."
        raise OAuthRefused("unsupported_token_type", why)
    return Response(200, (("Cache-Control", "no-store"), NO_CACHE))


def _is_gateway_token(token: str, gateway: Gateway) -> bool:
    try:
        gateway.gateway_tokens.read(GatewayToken(token), now=gateway.clock())
    except InvalidToken:
        return False
    return True
