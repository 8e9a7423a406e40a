"""/oidc/userinfo by OpenID Connect Core, 5.3, and RFC 6750."""

from __future__ import annotations

from functions.oidc.client_form import OAuthRefused
from runtime.entry.dialects import NO_CACHE
from runtime.gateway import Gateway
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.claims import claims_of
from runtime.tokens.grant import ActiveGrant, InvalidUserToken
from runtime.web.authorization_header import bearer_of
from runtime.web.messages import Request, Response, json_response, single


def userinfo(request: Request, gateway: Gateway) -> Response:
    """Answer who the access token is about; who sends none is told what is due."""
    token = _token(request)
    if token is None:
        challenge = ("WWW-Authenticate", 'Bearer realm="gateway"')
        return Response(401, (challenge, ("Cache-Control", "no-store"), NO_CACHE))
    try:
        living = _living(token, gateway)
    except InvalidUserToken as error:
        why = 'Bearer realm="gateway", error="invalid_token"'
        error.headers += (("WWW-Authenticate", why),)
        raise
    claims = claims_of(living.client, living.grant)
    return json_response(claims).with_headers(NO_CACHE)


def _living(token: str, gateway: Gateway) -> ActiveGrant:
    living = gateway.grants.read(token, now=gateway.clock())
    if living.grant.dialect != OIDC:
        raise InvalidUserToken
    return living


def _token(request: Request) -> str | None:
    if any(name == "access_token" for name, _ in request.arguments):
        raise OAuthRefused("invalid_request", "The query must not hold a token.")
    header, sent = bearer_of(request), None
    if request.method == "POST":
        sent = single(request.form, "access_token")
    if header and sent:
        raise OAuthRefused("invalid_request", "The token is there twice.")
    return header or sent
