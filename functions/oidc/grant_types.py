"""Grant types of the token endpoint: what each answers for a client's form.

`authorization_code` and `refresh_token` give user tokens, `client_credentials` gives a
gateway token. GRANT_TYPES, at the end, is the table of them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

from functions.oidc.client_form import Form, OAuthRefused
from runtime.crypto.encoding import base64url
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import OIDC
from runtime.sign_in.session_clients import Use
from runtime.tokens.claims import claims_of
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS, InvalidScope
from runtime.tokens.grant import Grant, InvalidGrant, RefreshToken
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from runtime.web.request_causes import shown_url

Answer = dict[str, object]

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def authorization_code(client: Client, form: Form, gateway: Gateway) -> Answer:
    """Return the tokens of a code; a request with any mistake uses the code up."""
    code = form.get("code")
    if code is None:
        raise OAuthRefused("invalid_request", "code is missing.")
    id_, grant = gateway.grants.redeem(code)
    try:
        _check_code(client, grant, form, gateway)
        _check_session(gateway, grant)
        return _user_tokens(client, id_, grant, gateway, nonce=grant.nonce)
    except GatewayError:
        gateway.grants.revoke(id_)
        raise


def refresh_token(client: Client, form: Form, gateway: Gateway) -> Answer:
    """Return new tokens and a new refresh token; the one that was sent is used up.

    For a short time it gets the same refresh token again, see `GrantStore.rotate`.
    A `scope` may name less than was granted; the answer covers all that was granted.
    """
    token = form.get("refresh_token")
    if token is None:
        raise OAuthRefused("invalid_request", "refresh_token is missing.")
    active = gateway.grants.of_refresh_token(RefreshToken(token), now=gateway.clock())
    grant = active.grant
    if grant.dialect != OIDC or not grant.is_of(client, gateway.registry):
        raise InvalidGrant(cause=_of_another(client, grant))
    if not set(form.get("scope", "").split()) <= set(grant.scope):
        raise InvalidScope
    next_ = gateway.grants.rotate(active.id, active.number, now=gateway.clock())
    return _user_tokens(client, active.id, grant, gateway, refresh_token=next_)


def client_credentials(client: Client, form: Form, gateway: Gateway) -> Answer:
    """Return a token for the app that `appid` names, with the client's scopes or fewer.

    A `scope` narrows the token, and scopes that the client gets later do not widen it.
    """
    if client.public:
        raise OAuthRefused("unauthorized_client", "The client has no secret.")
    appid = _appid(client, form, gateway)
    scope = form.get("scope")
    narrowed = None if scope is None else tuple(dict.fromkeys(scope.split(" ")))
    token = gateway.gateway_tokens.issue(
        client, appid, now=gateway.clock(), narrowed=narrowed
    )
    known = gateway.registry.scopes_of(client, appid) or ()
    granted = known if narrowed is None else narrowed
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": GATEWAY_TOKEN_SECONDS,
        "scope": " ".join(granted),
    }


def _check_code(client: Client, grant: Grant, form: Form, gateway: Gateway) -> None:
    verifier = form.get("code_verifier")
    if verifier is not None and not _VERIFIER.fullmatch(verifier):
        raise OAuthRefused("invalid_request", "code_verifier is not RFC 7636's.")
    if grant.dialect != OIDC or not grant.is_of(client, gateway.registry):
        raise InvalidGrant(cause=_of_another(client, grant))
    sent = form.get("redirect_uri")
    if sent != grant.redirect_uri:
        came = "is missing" if sent is None else f"is {shown_url(sent)}"
        raise InvalidGrant(
            cause=f"redirect_uri {came}; the authorization request had "
            f"{shown_url(grant.redirect_uri)}"
        )
    if not _is_proved(grant.code_challenge, verifier):
        raise InvalidGrant(cause=_unproved(grant.code_challenge, verifier))


def _of_another(client: Client, grant: Grant) -> str:
    if grant.dialect != OIDC:
        return "the code or token is of WeChat's sign-in protocol"
    if grant.client_id != client.client_id:
        return f"of the client {grant.client_id}, sent by {client.client_id}"
    return f"the client {client.client_id} was revoked since, or lost the app"


def _unproved(challenge: str | None, verifier: str | None) -> str:
    if challenge is None:
        return "code_verifier came, but the authorization request had no code_challenge"
    if verifier is None:
        return "code_verifier is missing"
    return "code_verifier does not belong to the code_challenge"


def _check_session(gateway: Gateway, grant: Grant) -> None:
    """Refuse a code of a session that has ended: its client was told so before."""
    if not grant.noted:
        return
    use = Use(grant.client_id, grant.sid)
    if not gateway.session_clients.holds(grant.sub, use):
        raise InvalidGrant(cause="the user has signed out since")


def _is_proved(challenge: str | None, verifier: str | None) -> bool:
    # A verifier without a challenge is a sign that somebody removed the challenge.
    if challenge is None or verifier is None:
        return challenge is verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64url(digest)
    return hmac.compare_digest(challenge, expected)


def _user_tokens(
    client: Client,
    id_: str,
    grant: Grant,
    gateway: Gateway,
    *,
    nonce: str | None = None,
    refresh_token: RefreshToken | None = None,
) -> Answer:
    """Return the tokens of a grant, by default with its first refresh token.

    The ID token holds the same claims as userinfo: many clients read nothing else.
    """
    now = gateway.clock()
    user_token = gateway.grants.user_token(id_, now=now)
    answer: Answer = {
        "access_token": user_token,
        "token_type": "Bearer",
        "expires_in": USER_TOKEN_SECONDS,
        "scope": " ".join(grant.scope),
    }
    if "openid" in grant.scope:
        claims = claims_of(client, grant, gateway.registry)
        answer["id_token"] = gateway.id_tokens.issue(
            client.client_id,
            sub=claims["sub"],
            claims=claims,
            now=now,
            auth_time=grant.auth_time,
            user_token=user_token,
            nonce=nonce,
            sid=grant.sid,
        )
    if grant.is_refreshable:
        first = gateway.grants.refresh_token
        answer["refresh_token"] = refresh_token or first(id_, now=now)
    return answer


def _appid(client: Client, form: Form, gateway: Gateway) -> str:
    appid, granted = form.get("appid"), client.scopes_by_app
    if appid is None:
        if len(granted) > 1 or any(key.endswith("*") for key in granted):
            raise OAuthRefused("invalid_request", "The client has many: send appid.")
        appid = next(iter(granted), "")
    registry = gateway.registry
    if registry.scopes_of(client, appid) is None or registry.app(appid) is None:
        raise OAuthRefused("unauthorized_client", "The app is not the client's.")
    return appid


GRANT_TYPES: Mapping[str, Callable[[Client, Form, Gateway], Answer]] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
}
