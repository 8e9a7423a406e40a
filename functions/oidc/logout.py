"""/oidc/logout by OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from functions.oidc.logout_request import LogoutRequest, logout_request
from runtime.broker.sign_out_form import check_form, form_token
from runtime.gateway import Gateway
from runtime.pages.languages import choose
from runtime.sign_in.sessions import Session
from runtime.web.form_as_link import form_as_link
from runtime.web.messages import Request, Response, redirect, single
from runtime.web.next_url import DEFAULT_NEXT


def logout_page(request: Request, gateway: Gateway) -> Response:
    """Sign out whom an ID token names, and ask anybody else: a link is no wish."""
    asked = logout_request(request.arguments, gateway)
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        return _signed_out(request, gateway, asked)
    if asked.means(session):
        return _end(request, gateway, session, asked)
    from runtime.pages.pages import sign_out

    return sign_out(
        choose(request),
        action="/oidc/logout",
        token=form_token(gateway, session),
        home=(asked.client and asked.client.home) or DEFAULT_NEXT,
        client_name=asked.client.name if asked.client else "",
        fields=dict(request.arguments),
        form_origins=(asked.goes_on,) if asked.goes_on else (),
        https=gateway.settings.secure,
    )


def logout(request: Request, gateway: Gateway) -> Response:
    """End the session by our own form; a client's form is answered like its link."""
    if single(request.form, "_xsrf") is None:
        return form_as_link(request, "/oidc/logout")
    asked = logout_request(request.form, gateway)
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        return _signed_out(request, gateway, asked)
    check_form(request, gateway, session)
    return _end(request, gateway, session, asked)


def _end(
    request: Request, gateway: Gateway, session: Session, asked: LogoutRequest
) -> Response:
    gateway.sessions.end(session)
    response = _signed_out(request, gateway, asked)
    return response.with_headers(gateway.sessions.no_cookie())


def _signed_out(request: Request, gateway: Gateway, asked: LogoutRequest) -> Response:
    if asked.goes_on:
        return redirect(asked.goes_on)
    from runtime.pages.pages import signed_out

    home = (asked.client and asked.client.home) or "/login"
    return signed_out(choose(request), home=home, https=gateway.settings.secure)
