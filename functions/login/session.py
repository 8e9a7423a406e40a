"""Who is signed in, and signing out: at first they need no more than the cookie."""

from __future__ import annotations

from runtime.broker.sign_out_form import check_form, form_token
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.web.messages import Request, Response, json_response, redirect


def who_am_i(request: Request, gateway: Gateway) -> Response:
    """Tell a front end who is signed in; 401 if nobody is."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        raise NotSignedIn
    profile = gateway.sessions.profile(session)
    return json_response({"sub": session.sub, **profile, "auth_time": session.at})


def logout_page(request: Request, gateway: Gateway) -> Response:
    """Ask before signing out: a link alone must not be able to do it.

    A front end that renders itself gets the token of its own form as JSON.
    """
    session = gateway.sessions.of(request, now=gateway.clock())
    token = None
    if session is not None:
        token = form_token(gateway, session)
    if not request.accepts_html():
        return json_response({"signed_in": token is not None, "_xsrf": token})
    if token is None:
        return _signed_out(request, gateway)
    # What a page alone needs, a front end that asks does not wait for.
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
    """End the session; Forbidden unless the form is our own."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None:
        # No cookie comes with another site's form, and none may be lost by it.
        html = request.accepts_html()
        return redirect("/logout") if html else json_response({"signed_out": True})
    check_form(request, gateway, session)
    gateway.sessions.end(session)
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
