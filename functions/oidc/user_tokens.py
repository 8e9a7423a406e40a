"""What a client gets for a grant: an access token, and by scope two more."""

from __future__ import annotations

from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.tokens.claims import claims_of
from runtime.tokens.grant import UserGrant
from runtime.tokens.lifetimes import TOKEN_SECONDS


def user_tokens(
    client: Client,
    id_: str,
    grant: UserGrant,
    gateway: Gateway,
    *,
    nonce: str | None = None,
    number: int = 0,
) -> dict[str, object]:
    """Return the tokens of a grant, its refresh token being the one of that number.

    The ID token tells the same of the person as userinfo: many clients read no other.
    """
    now = gateway.clock()
    access_token = gateway.user_grants.access_token(id_, now=now)
    answer: dict[str, object] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(grant.scope),
    }
    if "openid" in grant.scope:
        claims = claims_of(client, grant)
        answer["id_token"] = gateway.id_tokens.issue(
            client.client_id,
            sub=claims["sub"],
            claims=claims,
            now=now,
            auth_time=grant.auth_time,
            access_token=access_token,
            nonce=nonce,
        )
    if grant.lasting:
        answer["refresh_token"] = gateway.user_grants.refresh_token(
            id_, now=now, number=number
        )
    return answer
