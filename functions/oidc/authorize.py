"""/oidc/authorize by OpenID Connect Core, 3.1.2, with PKCE and RFC 9207's issuer.

What is wrong with client or redirect_uri is said on a page; anything else goes back to
the client (RFC 6749, 4.1.2.1).
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from functions.oidc.checked_request import Refused, checked
from runtime.authorization_request import LONGEST_STATE, OIDC, AuthorizationRequest
from runtime.authorize import authorize
from runtime.errors import (
    RateLimited,
    RedirectUriUnknown,
    ServiceUnavailable,
)
from runtime.gateway import Gateway
from runtime.messages import Request, Response, redirect, single
from runtime.redirect_uris import is_registered
from runtime.sign_in import sign_in_apps


def authorization(request: Request, gateway: Gateway) -> Response:
    """Answer a browser that a client has sent, by GET or POST."""
    if request.method == "POST":
        # From here on it is as good as a GET; the page's language is in there, too.
        request = replace(request, query=urlencode(request.form))
    pairs = request.arguments
    # The two names that decide whom to trust: twice is as good as wrong.
    client = gateway.registry.client(single(pairs, "client_id") or "")
    redirect_uri = single(pairs, "redirect_uri") or ""
    if client is None or client.disabled or not is_registered(client, redirect_uri):
        raise RedirectUriUnknown
    asked = AuthorizationRequest(
        dialect=OIDC,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=f"/oidc/authorize?{urlencode(pairs)}",
        state=next((value for name, value in pairs if name == "state"), None),
    )
    issuer = gateway.settings.public_base_url
    try:
        asked, wish = checked(asked, client, pairs, gateway)
    except Refused as refused:
        if asked.state is not None and len(asked.state) > LONGEST_STATE:
            asked = replace(asked, state=None)
        return redirect(
            asked.refused(refused.error, issuer=issuer, description=refused.description)
        )
    apps = sign_in_apps(gateway.registry, client)
    try:
        return authorize(
            request, gateway, asked, apps=apps, prompt=wish.prompt, max_age=wish.max_age
        )
    except (ServiceUnavailable, RateLimited):
        if "none" not in wish.prompt:
            raise
        # It runs in a frame that nobody sees: a page would tell nobody.
        return redirect(asked.refused("temporarily_unavailable", issuer=issuer))
