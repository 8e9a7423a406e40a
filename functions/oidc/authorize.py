"""/oidc/authorize by OpenID Connect Core, 3.1.2, with PKCE and RFC 9207's issuer.

A wrong client_id or redirect_uri is reported on a page. Any other error goes back to
the client with its state (RFC 6749, 4.1.2.1), except a temporary one, which the user
can retry here.
"""

from __future__ import annotations

import logging
from functools import partial
from urllib.parse import urlencode

from functions.oidc.authorize_parameters import (
    AuthorizeRefused,
    check_parameters,
    is_embedded,
    is_web_url,
)
from runtime.broker.authorize import authorize
from runtime.broker.client_answer import frames_of, refused
from runtime.broker.redirect_uris import check_redirect_uri, known_client
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
from runtime.errors import (
    BadRequest,
    GatewayError,
    RateLimited,
    RedirectUriFragment,
    ServiceUnavailable,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import Client, home_of
from runtime.registry.sign_in_apps import sign_in_apps
from runtime.sign_in.authorization_request import (
    DISPLAY,
    EMBEDDED,
    FORM_POST,
    OIDC,
    QUERY,
    AuthorizationRequest,
)
from runtime.sign_in.pushed_requests import Pairs, pushed_uri
from runtime.web.form_as_link import LONGEST_LINK, form_as_link
from runtime.web.messages import Request, Response, redirect, single
from runtime.web.own_parameters import without_own
from runtime.web.request_causes import shown_url

PATH = "/oidc/authorize"

_TEMPORARY = "temporarily_unavailable"

log = logging.getLogger("gateway")


def authorize_page(request: Request, gateway: Gateway) -> Response:
    """Answer a browser that a client has sent, by GET or POST."""
    if request.method == "POST":
        return _as_link(request, gateway)
    pairs = request.arguments
    again = without_own(f"{PATH}?{urlencode(pairs)}")
    if pushed := pushed_uri(pairs):
        pairs = _pushed(pairs, gateway, pushed)
    client, redirect_uri = _sender(pairs, gateway)
    modes = [value for name, value in pairs if name == "response_mode"]
    is_page = is_web_url(redirect_uri)
    by_form = modes == [FORM_POST] and is_page
    embedded = is_page and is_embedded(pairs) and bool(client.frame_origins)
    if embedded:
        window = [pair for pair in pairs if pair != (DISPLAY, EMBEDDED)]
        again = without_own(f"{PATH}?{urlencode(window)}")
    # Of a repeated state the first comes back. An empty one counts as left out.
    states = (value for name, value in pairs if name == "state" and value)
    asked = AuthorizationRequest(
        dialect=OIDC,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        again=again,
        state=next(states, None),
        response_mode=FORM_POST if by_form else QUERY,
        embedded=embedded,
    )
    try:
        return _answer(request, gateway, asked, client, pairs)
    except AuthorizeRefused as refusal:
        return refused(
            gateway,
            asked,
            client,
            refusal.error,
            language=language_of(request),
            description=refusal.description,
        )


def _pushed(pairs: Pairs, gateway: Gateway, uri: str) -> Pairs:
    """Return the form that the short name stands for."""
    try:
        return gateway.pushed_requests.find(uri)
    except GatewayError as error:
        client = gateway.registry.client(single(pairs, "client_id") or "")
        uris = client.redirect_uris if client else ()
        home = home_of(client, next(iter(uris), "")) if client else None
        name = client.name if client else ""
        links = PageLinks(None if home else "/login", home, client_name=name)
        raise ErrorInDialect(error, partial(web_dialect, links=links)) from error


def _sender(pairs: Pairs, gateway: Gateway) -> tuple[Client, str]:
    """Return the client and the URL to which it may be told an error."""
    # Neither may be ambiguous.
    client_id = single(pairs, "client_id") or ""
    redirect_uri = single(pairs, "redirect_uri") or ""
    client = known_client(gateway.registry, client_id)
    check_redirect_uri(client, redirect_uri)
    if "#" in redirect_uri:
        raise RedirectUriFragment(cause=f"redirect_uri {shown_url(redirect_uri)}")
    return client, redirect_uri


def _as_link(request: Request, gateway: Gateway) -> Response:
    """Redirect a form to the same request by GET, by a short name if it is long."""
    pairs = request.form
    if len(f"{PATH}?{urlencode(pairs)}") <= LONGEST_LINK:
        return form_as_link(request, PATH)
    client, _ = _sender(pairs, gateway)
    gateway.limits.sign_in(request)
    short = {
        "client_id": client.client_id,
        "request_uri": gateway.pushed_requests.push(pairs),
        **{name: value for name, value in pairs if name == "ui_locales"},
    }
    return redirect(f"{PATH}?{urlencode(short)}")


def _answer(
    request: Request,
    gateway: Gateway,
    asked: AuthorizationRequest,
    client: Client,
    pairs: Pairs,
) -> Response:
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
    except AuthorizeRefused as refusal:
        text = "%s /oidc: %s: %s"
        log.info(text, request.request_id, client.client_id, refusal.description)
        raise
    except GatewayError as error:
        code = _oauth_error(error)
        # With prompt=none this runs in a hidden frame, where nobody sees a page.
        if code == _TEMPORARY and "none" not in dict(pairs).get("prompt", "").split():
            home = home_of(client, asked.redirect_uri)
            frames = frames_of(client, asked)
            links = PageLinks(
                asked.again, home, framed_by=frames, client_name=client.name
            )
            raise ErrorInDialect(error, partial(web_dialect, links=links)) from error
        log.info("%s /oidc: %s", request.request_id, error.code)
        raise AuthorizeRefused(code, error.message) from None
    except Exception:
        # RFC 6749, 4.1.2.1: the client gets server_error, as it would no status 500.
        log.exception("%s %s failed", request.request_id, "/oidc")
        raise AuthorizeRefused("server_error", GatewayError.message) from None


def _oauth_error(error: GatewayError) -> str:
    if isinstance(error, BadRequest):
        return "invalid_request"
    if isinstance(error, RateLimited | ServiceUnavailable):
        return _TEMPORARY
    return "server_error"
