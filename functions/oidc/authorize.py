"""/oidc/authorize by OpenID Connect Core, 3.1.2, with PKCE and RFC 9207's issuer.

What is wrong with client or redirect_uri is said on a page; anything else goes back to
the client (RFC 6749, 4.1.2.1), but what a person had better try again here.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from functions.oidc.authorize_parameters import Refused, checked
from runtime.broker.authorize import authorize
from runtime.errors import (
    BadRequest,
    GatewayError,
    RateLimited,
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
LATER = "temporarily_unavailable"

log = logging.getLogger("gateway")


def authorize_page(request: Request, gateway: Gateway) -> Response:
    """Answer a browser that a client has sent, by GET or POST."""
    if request.method == "POST":
        return form_as_link(request, PATH)
    pairs = request.arguments
    # The two names that decide whom to trust: twice is as good as wrong.
    client = gateway.registry.client(single(pairs, "client_id") or "")
    redirect_uri = single(pairs, "redirect_uri") or ""
    if client is None or client.disabled or not is_registered(client, redirect_uri):
        raise RedirectUriUnknown
    states = (value for name, value in pairs if name == "state")
    asked = AuthorizationRequest(
        dialect=OIDC,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=f"{PATH}?{urlencode(pairs)}",
        state=next((each for each in states if len(each) <= LONGEST_STATE), None),
    )
    try:
        return _answer(request, gateway, asked, client)
    except Refused as refused:
        told = asked.refused(
            refused.error,
            issuer=gateway.settings.public_base_url,
            description=refused.description,
        )
        return redirect(told)


def _answer(
    request: Request, gateway: Gateway, asked: AuthorizationRequest, client: Client
) -> Response:
    pairs = request.arguments
    try:
        asked, wish = checked(asked, client, pairs, gateway)
        apps = sign_in_apps(gateway.registry, client)
        return authorize(
            request, gateway, asked, apps=apps, prompt=wish.prompt, max_age=wish.max_age
        )
    except GatewayError as error:
        word = _in_oauths_words(error)
        # With prompt=none it runs in a frame that nobody sees: no page there.
        if word == LATER and "none" not in dict(pairs).get("prompt", "").split():
            raise
        log.info("%s /oidc: %s", request.request_id, error.code)
        raise Refused(word, error.message) from None


def _in_oauths_words(error: GatewayError) -> str:
    if isinstance(error, BadRequest):
        return "invalid_request"
    if isinstance(error, RateLimited | ServiceUnavailable):
        return LATER
    return "server_error"
