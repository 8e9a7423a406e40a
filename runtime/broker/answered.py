"""The page for a request that was answered before: signed in, and on to the client.

It stands in place of a second code for the same request where the client has redeemed
the first one and still uses it. A request whose code never arrived is answered anew,
and so is one whose tokens the client has revoked, as it does when its user signs out.
"""

from __future__ import annotations

from runtime.broker.client_brand import brand_of
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.pages.languages import language_of, lenient_argument
from runtime.registry.models import Client, home_of
from runtime.sign_in.authorization_request import AuthorizationRequest
from runtime.sign_in.sessions import Session
from runtime.web.messages import Request, Response
from runtime.web.own_parameters import REPEAT, with_own


def answered_page(
    request: Request,
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    session: Session,
    *,
    by_client: bool = True,
) -> Response | None:
    """Return the page, or None if the request is to be answered.

    A client may send the same request on purpose, with a constant state: the page has
    a link that gets it answered. If the request comes `by_client`, not by a repeated
    callback, a script follows that link at once, unless the browser came by Back or
    Reload, or the request has a challenge, which no client uses twice.
    """
    # A program, such as a client's test, has no Back button.
    if not request.accepts_html() or lenient_argument(request, REPEAT):
        return None
    id_ = gateway.answered.grant_of(asked, session.sid)
    if id_ is None or not gateway.grants.is_redeemed(id_):
        return None
    try:
        gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    goes_on = by_client and asked.code_challenge is None
    language = language_of(request)
    return signed_in_page(gateway, asked, client, language=language, goes_on=goes_on)


def signed_in_page(
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    *,
    language: str,
    goes_on: bool = False,
) -> Response:
    """Return the page for a request of which it is known that it was answered."""
    from runtime.pages.pages import signed_in

    base = gateway.settings.public_base_url
    return signed_in(
        language,
        client_name=client.name,
        brand=brand_of(client),
        home=home_of(client, asked.redirect_uri),
        again=base + with_own(asked.again, REPEAT, 1),
        goes_on=goes_on,
        https=gateway.settings.secure,
    )
