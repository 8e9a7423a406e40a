"""The grant by which a client learns who signed in: its code, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from functions.oidc.oauth_refused import OAuthRefused
from functions.oidc.user_tokens import user_tokens
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.registry.registry import Client
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.grant import InvalidGrant, UserGrant

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def authorization_code(
    client: Client, form: Mapping[str, str], gateway: Gateway
) -> dict[str, object]:
    """Return the tokens of a code; whatever is wrong with the request burns it."""
    code = form.get("code")
    if code is None:
        raise OAuthRefused("invalid_request", "code is missing.")
    id_, grant = gateway.user_grants.redeem(code)
    try:
        _check(client, grant, form)
        return user_tokens(client, id_, grant, gateway, nonce=grant.nonce)
    except GatewayError:
        gateway.user_grants.revoke(id_)
        raise


def _check(client: Client, grant: UserGrant, form: Mapping[str, str]) -> None:
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
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(challenge, expected)
