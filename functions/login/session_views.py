"""The session: who is signed in, and sign-out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.broker.admission import may_have_session
from runtime.broker.client_brand import brand_of
from runtime.broker.form_tokens import check_sign_out, sign_out_token
from runtime.entry.nudge import nudge
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.registry.models import Client
from runtime.sign_in.sessions import Session
from runtime.tokens.claims import shown_profile
from runtime.web.messages import Request, Response, json_response, redirect
from runtime.web.next_url import DEFAULT_NEXT


def who_am_i(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login/me: the signed-in user; NotSignedIn if there is none.

    A browser gets a page, a program JSON.
    """
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        raise NotSignedIn
    profile = gateway.sessions.profile(session)
    if not may_have_session(gateway, session.sub, profile):
        raise NotSignedIn
    if request.accepts_html():
        return _page_of_user(request, gateway, session, profile)
    return json_response(
        {"sub": session.sub, **shown_profile(profile), "auth_time": session.at}
    )


def _page_of_user(
    request: Request, gateway: Gateway, session: Session, profile: Mapping[str, Any]
) -> Response:
    from runtime.broker.signed_in_users import visitor_of
    from runtime.broker.start import with_chosen_language
    from runtime.pages.languages import language_of
    from runtime.pages.session_pages import me

    url = f"{gateway.settings.public_base_url}{DEFAULT_NEXT}"
    if chosen := with_chosen_language(request, url, gateway.settings):
        return chosen
    client = _own_client(gateway)
    return me(
        language_of(request),
        visitor_of(gateway, session, profile),
        token=sign_out_token(gateway, session),
        client_name=client.name if client else "",
        brand=brand_of(client),
        home=(client.home or None) if client else None,
        url=url,
        https=gateway.settings.secure,
    )


def logout_page(request: Request, gateway: Gateway) -> Response:
    """Answer GET /logout by a question, because a link alone must not sign out.

    A front end that renders itself gets the token for its own form as JSON.
    """
    session = gateway.sessions.of(request, now=gateway.clock())
    token = None
    if session is not None:
        token = sign_out_token(gateway, session)
    if not request.accepts_html():
        return json_response({"signed_in": token is not None, "_xsrf": token})
    if token is None:
        return _signed_out(request, gateway)
    # Imported only for a page: the JSON answer does not wait for it.
    from runtime.pages.languages import language_of
    from runtime.pages.pages import sign_out

    return sign_out(
        language_of(request),
        action="/logout",
        token=token,
        home=DEFAULT_NEXT,
        https=gateway.settings.secure,
    )


def logout(request: Request, gateway: Gateway) -> Response:
    """Answer POST /logout: end the session; Forbidden unless the form is our own."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        # A form of another site brings no cookie, and must not remove one.
        html = request.accepts_html()
        return redirect("/logout") if html else json_response({"signed_out": True})
    check_sign_out(request, gateway, session)
    if gateway.sessions.end(session):
        nudge(request.context, gateway, at_once=True)
    response = (
        _signed_out(request, gateway)
        if request.accepts_html()
        else json_response({"signed_out": True})
    )
    return response.with_headers(gateway.sessions.no_cookie())


def _signed_out(request: Request, gateway: Gateway) -> Response:
    from runtime.pages.languages import language_of
    from runtime.pages.pages import signed_out

    client = _own_client(gateway)
    return signed_out(
        language_of(request),
        home=(client.home or None) if client else None,
        client_name=client.name if client else "",
        brand=brand_of(client),
        https=gateway.settings.secure,
    )


def _own_client(gateway: Gateway) -> Client | None:
    """Return LOGIN_CLIENT, to whose services the session belongs."""
    return gateway.registry.client(gateway.settings.login_client)
