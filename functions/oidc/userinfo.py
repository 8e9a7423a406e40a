"""/oidc/userinfo by OpenID Connect Core, 5.3, and RFC 6750."""

from __future__ import annotations

from functions.oidc.client_form import OAuthRefused
from runtime.entry.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.registry.subjects import is_pairwise
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.claims import claims_of
from runtime.tokens.grant import ActiveGrant, InvalidUserToken, UserToken
from runtime.web.authorization_header import bearer_of
from runtime.web.messages import Request, Response, json_response, single


def userinfo(request: Request, gateway: Gateway) -> Response:
    """Answer with the claims of the token's user; without a token, with a challenge."""
    token = _sent_token(request)
    if token is None:
        challenge = ("WWW-Authenticate", 'Bearer realm="gateway"')
        return Response(401, (challenge, ("Cache-Control", "no-store"), NO_CACHE))
    active = _active_grant(token, gateway)
    client, grant = active.client, active.grant
    claims = claims_of(client, grant, gateway.registry)
    if client.openids and not is_pairwise(client):
        openids = gateway.openids.of(grant.profile, client.scopes_by_app)
        claims["wechat_openids"] = openids
    return json_response(claims).with_headers(NO_CACHE)


def _active_grant(token: UserToken, gateway: Gateway) -> ActiveGrant:
    active = gateway.grants.read(token, now=gateway.clock())
    if active.grant.dialect != OIDC:
        raise InvalidUserToken
    return active


def _sent_token(request: Request) -> UserToken | None:
    if any(name == "access_token" for name, _ in request.arguments):
        raise OAuthRefused("invalid_request", "The query must not hold a token.")
    header, posted = bearer_of(request), None
    if request.method == "POST":
        posted = single(request.form, "access_token")
    if header and posted:
        raise OAuthRefused("invalid_request", "The token is sent twice.")
    token = header or posted
    return UserToken(token) if token else None
