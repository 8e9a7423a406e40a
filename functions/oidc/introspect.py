"""POST /oidc/introspect by RFC 7662: a client learns what a token stands for.

It is told of its own tokens, and of those of the clients that its document names in
`introspects`. Of any other token it learns no more than that it is not active.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.oidc.client_form import OAuthRefused, client_form, client_of
from runtime.crypto.signing import signed_at
from runtime.entry.dialects import NO_CACHE
from runtime.errors import InvalidClient
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.registry.subjects import subject_for
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.gateway_tokens import (
    GATEWAY_TOKEN_SECONDS,
    GatewayToken,
    InvalidToken,
)
from runtime.tokens.grant import (
    ActiveGrant,
    InvalidGrant,
    InvalidUserToken,
    RefreshToken,
    UserToken,
)
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from runtime.web.messages import Request, Response, json_response

Content = Mapping[str, object]

INACTIVE: Content = {"active": False}


def introspect(request: Request, gateway: Gateway) -> Response:
    """Answer with the token's facts; `token_type_hint` is ignored."""
    form = client_form(request)
    asking = client_of(request, form, gateway)
    if asking.public:
        # RFC 7662, 2.1: somebody without a secret could try tokens out.
        raise InvalidClient
    token = form.get("token")
    if token is None:
        raise OAuthRefused("invalid_request", "token is missing.")
    found = (
        _of_user_token(token, gateway)
        or _of_refresh_token(token, gateway)
        or _of_gateway_token(token, gateway)
    )
    content = found if found and _may_know(asking, found) else INACTIVE
    return json_response(content).with_headers(NO_CACHE)


def _may_know(asking: Client, content: Content) -> bool:
    owner = content["client_id"]
    return owner == asking.client_id or owner in asking.introspects


def _of_user_token(token: str, gateway: Gateway) -> Content | None:
    try:
        active = gateway.grants.read(UserToken(token), now=gateway.clock())
    except InvalidUserToken:
        return None
    facts = _of_grant(active, token, gateway)
    ends = {"exp": signed_at(token) + USER_TOKEN_SECONDS}
    return facts and {**facts, **ends, "token_type": "Bearer"}


def _of_refresh_token(token: str, gateway: Gateway) -> Content | None:
    try:
        now = gateway.clock()
        active = gateway.grants.of_refresh_token(RefreshToken(token), now=now)
    except InvalidGrant:
        return None
    if not gateway.grants.is_newest(active):
        return None
    return _of_grant(active, token, gateway)


def _of_grant(active: ActiveGrant, token: str, gateway: Gateway) -> Content | None:
    grant = active.grant
    if grant.dialect != OIDC:
        # WeChat's dialect has /sns/auth, and its tokens work nowhere else.
        return None
    return {
        "active": True,
        "client_id": grant.client_id,
        "sub": subject_for(active.client, grant.sub),
        "scope": " ".join(grant.scope),
        "iat": signed_at(token),
        "iss": gateway.settings.public_base_url,
    }


def _of_gateway_token(token: str, gateway: Gateway) -> Content | None:
    try:
        caller = gateway.gateway_tokens.read(GatewayToken(token), now=gateway.clock())
    except InvalidToken:
        return None
    scopes = caller.scopes if caller.narrowed is None else caller.narrowed
    return {
        "active": True,
        "client_id": caller.client_id,
        "wechat_appid": caller.appid,
        "scope": " ".join(each for each in scopes if caller.allows(each)),
        "iat": signed_at(token),
        "exp": signed_at(token) + GATEWAY_TOKEN_SECONDS,
        "iss": gateway.settings.public_base_url,
        "token_type": "Bearer",
    }
