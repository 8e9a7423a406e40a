"""The session: who is signed in, and sign-out."""

from __future__ import annotations

from runtime.broker.admission import may_have_session
from runtime.broker.form_tokens import check_sign_out, sign_out_token
from runtime.entry.nudge import nudge
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response, json_response, redirect


def who_am_i(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login/me: the signed-in user; NotSignedIn if there is none."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        raise NotSignedIn
    profile = gateway.sessions.profile(session)
    if not may_have_session(gateway, session.sub):
        raise NotSignedIn
    return json_response({"sub": session.sub, **profile, "auth_time": session.at})


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
    from runtime.web.next_url import DEFAULT_NEXT

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

    return signed_out(
        language_of(request), home="/login", https=gateway.settings.secure
    )
