"""The grant by which a client learns who signed in: its code, once."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from functions.oidc.client_form import OAuthRefused
from runtime.crypto.encoding import base64url
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.claims import claims_of
from runtime.tokens.gateway_tokens import LIFE_SECONDS, InvalidScope
from runtime.tokens.grant import Grant, InvalidGrant
from runtime.tokens.lifetimes import TOKEN_SECONDS


def user_tokens(
    client: Client,
    id_: str,
    grant: Grant,
    gateway: Gateway,
    *,
    nonce: str | None = None,
    number: int = 0,
) -> dict[str, object]:
    """Return the tokens of a grant, its refresh token being the one of that number.

    The ID token tells the same of the person as userinfo: many clients read no other.
    """
    now = gateway.clock()
    access_token = gateway.grants.user_token(id_, now=now)
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
    if grant.has_refresh_token:
        answer["refresh_token"] = gateway.grants.refresh_token(
            id_, now=now, number=number
        )
    return answer


_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def authorization_code(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return the tokens of a code; whatever is wrong with the request burns it."""
    code = form.get("code")
    if code is None:
        raise OAuthRefused("invalid_request", "code is missing.")
    id_, grant = gateway.grants.redeem(code)
    try:
        _check(client, grant, form)
        return user_tokens(client, id_, grant, gateway, nonce=grant.nonce)
    except GatewayError:
        gateway.grants.revoke(id_)
        raise


def _check(client: Client, grant: Grant, form: Mapping[str, str]) -> None:
    verifier = form.get("code_verifier")
    if verifier is not None and not _VERIFIER.fullmatch(verifier):
        raise OAuthRefused("invalid_request", "code_verifier is not RFC 7636's.")
    if grant.dialect != OIDC or not grant.is_of(client):
        raise InvalidGrant
    if form.get("redirect_uri") != grant.redirect_uri:
        raise InvalidGrant
    if not _is_proved(grant.code_challenge, verifier):
        raise InvalidGrant


def _is_proved(challenge: str | None, verifier: str | None) -> bool:
    # A verifier without a challenge is a sign that somebody took the challenge away.
    if challenge is None or verifier is None:
        return challenge is verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64url(digest)
    return hmac.compare_digest(challenge, expected)


def refresh_token(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return new tokens, a refresh token too; the one that was sent is spent.

    A `scope` can ask for no more than was granted, and is answered with all of that.
    """
    token = form.get("refresh_token")
    if token is None:
        raise OAuthRefused("invalid_request", "refresh_token is missing.")
    living = gateway.grants.of_refresh(token, now=gateway.clock())
    grant = living.grant
    if grant.dialect != OIDC or not grant.is_of(client):
        raise InvalidGrant
    if not set(form.get("scope", "").split()) <= set(grant.scope):
        raise InvalidScope
    number = gateway.grants.rotate(living.id, living.number)
    return user_tokens(client, living.id, grant, gateway, number=number)


def client_credentials(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return a token for the app that `appid` names, with the client's scopes or less.

    A `scope` narrows the token; it stays so when the client gets more scopes.
    """
    if client.public:
        raise OAuthRefused("unauthorized_client", "The client has no secret.")
    appid = _appid(client, form, gateway)
    scope = form.get("scope")
    narrowed = None if scope is None else tuple(dict.fromkeys(scope.split(" ")))
    token = gateway.gateway_tokens.issue(
        client, appid, now=gateway.clock(), narrowed=narrowed
    )
    granted = client.scopes_by_app[appid] if narrowed is None else narrowed
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE_SECONDS,
        "scope": " ".join(granted),
    }


def _appid(client: Client, form: Mapping[str, str], gateway: Gateway) -> str:
    appid = form.get("appid")
    if appid is None:
        if len(client.scopes_by_app) > 1:
            raise OAuthRefused("invalid_request", "The client has many: send appid.")
        appid = next(iter(client.scopes_by_app), "")
    if appid not in client.scopes_by_app or gateway.registry.app(appid) is None:
        raise OAuthRefused("unauthorized_client", "The app is not the client's.")
    return appid
