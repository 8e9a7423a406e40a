"""/oidc/authorize by OpenID Connect Core, 3.1.2, with PKCE and RFC 9207's issuer.

A wrong client_id or redirect_uri is reported on a page. Any other error goes back to
the client (RFC 6749, 4.1.2.1), except a temporary one, which the user can retry here.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from functions.oidc.authorize_parameters import AuthorizeRefused, check_parameters
from runtime.broker.authorize import authorize
from runtime.errors import (
    BadRequest,
    GatewayError,
    RateLimited,
    RedirectUriFragment,
    RedirectUriUnknown,
    ServiceUnavailable,
)
from runtime.gateway import Gateway
from runtime.registry.models import Client, is_registered
from runtime.registry.sign_in_apps import sign_in_apps
from runtime.sign_in.authorization_request import (
    LONGEST_STATE,
    OIDC,
    AuthorizationRequest,
)
from runtime.web.form_as_link import form_as_link
from runtime.web.messages import Request, Response, redirect, single

PATH = "/oidc/authorize"

_TEMPORARY = "temporarily_unavailable"

log = logging.getLogger("gateway")


def authorize_page(request: Request, gateway: Gateway) -> Response:
    """Answer a browser that a client has sent, by GET or POST."""
    if request.method == "POST":
        return form_as_link(request, PATH)
    pairs = request.arguments
    # These two decide where an error may be sent, so neither may be ambiguous.
    client = gateway.registry.client(single(pairs, "client_id") or "")
    redirect_uri = single(pairs, "redirect_uri") or ""
    if client is None or client.disabled or not is_registered(client, redirect_uri):
        raise RedirectUriUnknown
    if "#" in redirect_uri:
        raise RedirectUriFragment
    # Of a repeated state the first comes back. An empty one counts as left out.
    states = (value for name, value in pairs if name == "state" and value)
    asked = AuthorizationRequest(
        dialect=OIDC,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=f"{PATH}?{urlencode(pairs)}",
        state=next((each for each in states if len(each) <= LONGEST_STATE), None),
    )
    try:
        return _answer(request, gateway, asked, client)
    except AuthorizeRefused as refused:
        location = asked.refused(
            refused.error,
            issuer=gateway.settings.public_base_url,
            description=refused.description,
        )
        return redirect(location)


def _answer(
    request: Request, gateway: Gateway, asked: AuthorizationRequest, client: Client
) -> Response:
    pairs = request.arguments
    try:
        parameters = check_parameters(asked, client, pairs, gateway)
        return authorize(
            request,
            gateway,
            parameters.request,
            apps=sign_in_apps(gateway.registry, client),
            prompt=parameters.prompt,
            max_age=parameters.max_age,
        )
    except GatewayError as error:
        code = _oauth_error(error)
        # With prompt=none this runs in a hidden frame, where nobody sees a page.
        if code == _TEMPORARY and "none" not in dict(pairs).get("prompt", "").split():
            raise
        log.info("%s /oidc: %s", request.request_id, error.code)
        raise AuthorizeRefused(code, error.message) from None


def _oauth_error(error: GatewayError) -> str:
    if isinstance(error, BadRequest):
        return "invalid_request"
    if isinstance(error, RateLimited | ServiceUnavailable):
        return _TEMPORARY
    return "server_error"
