"""The way from a mini program into its web-view, where its user is signed in as well.

The mini program gets a code by its session token and opens our page with it. The page
names the user and redeems the code by POST: a GET uses nothing up, since WeChat fetches
addresses to preview them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from functions.login.program_sessions import JsonRequired
from runtime.broker.admission import answer_to_refused, check_session
from runtime.broker.form_tokens import check_form, form_token
from runtime.broker.outcomes import FINISHED, STARTED, riding
from runtime.crypto.encoding import sha256_hex
from runtime.entry.nudge import nudge
from runtime.errors import (
    BadRequest,
    ClientDisabled,
    Forbidden,
    GatewayError,
    NotAdmitted,
    NotSignedIn,
    SignInNotConfigured,
    WebViewCodeExpired,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import Client
from runtime.sign_in.sessions import WEB_VIEW, Session
from runtime.sign_in.web_view_codes import CODE_SECONDS, WebViewUser
from runtime.web.browsers import Browser, browser_of
from runtime.web.cookies import set_cookie
from runtime.web.messages import Request, Response, json_response, single
from runtime.web.next_url import DEFAULT_NEXT, safe_next
from runtime.web.request_causes import host_of, listed


class NotOfMiniProgram(GatewayError):
    """The session did not begin in a mini program of LOGIN_CLIENT."""

    status = 403
    code = "not_of_mini_program"
    message = "Only a session of a mini program of LOGIN_CLIENT gets such a code."


class NextRefused(GatewayError):
    """The `next` is no path of this domain and on no origin of LOGIN_CLIENT."""

    status = 400
    code = "next_refused"
    message = "next has to be a path, or a URL on an origin that LOGIN_CLIENT lists."


def issue(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/miniprogram/webview: a URL for the web-view, with a code."""
    if request.media_type != "application/json":
        raise JsonRequired
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None or session.by_cookie:
        raise NotSignedIn
    gateway.sessions.profile(session)
    gateway.limits.code(request)
    client = _client_of(gateway, session.app)
    if session.way or client is None:
        raise NotOfMiniProgram
    check_session(gateway, session.sub, {})
    user = WebViewUser(
        sub=session.sub,
        sid=session.sid,
        at=session.at,
        app=session.app,
        next=_next(request, gateway, client),
    )
    code = gateway.web_view_codes.issue(user)
    url = f"{gateway.settings.public_base_url}/login/webview?code={code}"
    return json_response({"url": url, "expires_in": CODE_SECONDS})


def ask(request: Request, gateway: Gateway) -> Response:
    """Answer GET /login/webview: ask whether to go on as the user of the code.

    It goes on at once only inside WeChat, and where nobody else is signed in: another
    person's code would otherwise sign a browser in as that person, unnoticed.
    """
    from runtime.pages.confirmation_pages import web_view

    code = request.argument("code") or ""
    user = gateway.web_view_codes.find(code)
    if user is None:
        raise WebViewCodeExpired
    profile = _profile(gateway, user)
    client = gateway.registry.client(gateway.settings.login_client)
    other_user = _other_user(request, gateway, user) is not None
    in_wechat = browser_of(request) in (Browser.WECHAT, Browser.MINI_PROGRAM)
    browser = request.cookies.get(_cookie_name(gateway)) or secrets.token_urlsafe(16)
    page = web_view(
        language_of(request),
        code=code,
        token=form_token(gateway, _bound(code, browser)),
        user_name=str(profile.get("name") or ""),
        client_name=client.name if client else "",
        other_user=other_user,
        at_once=in_wechat and not other_user,
        url=f"{gateway.settings.public_base_url}/login/webview",
        https=gateway.settings.secure,
    )
    return page.with_headers(
        set_cookie(
            _cookie_name(gateway),
            browser,
            max_age=2 * CODE_SECONDS,
            secure=gateway.settings.secure,
        )
    )


def redeem(request: Request, gateway: Gateway) -> Response:
    """Answer POST /login/webview: begin the session, and go on to the code's `next`."""
    from runtime.pages.confirmation_pages import go_on

    code = single(request.form, "code") or ""
    browser = request.cookies.get(_cookie_name(gateway)) or ""
    if not browser:
        raise Forbidden
    check_form(request, gateway, _bound(code, browser))
    redeemed = gateway.web_view_codes.redeem(code, browser=browser)
    if redeemed is None:
        raise WebViewCodeExpired
    user, now = redeemed.user, gateway.clock()
    client = _client_of(gateway, user.app)
    if client is None:
        own = gateway.registry.client(gateway.settings.login_client)
        if own and own.disabled:
            raise ClientDisabled(own.client_id)
        raise SignInNotConfigured
    try:
        check_session(gateway, user.sub, {})
    except NotAdmitted as error:
        return answer_to_refused(
            gateway,
            error,
            client,
            None,
            language=language_of(request),
            start_again=DEFAULT_NEXT,
            html=request.accepts_html(),
        )
    profile = _profile(gateway, user)
    session = Session(user.sub, redeemed.sid, user.at, app=user.app, way=WEB_VIEW)
    if redeemed.repeated:
        # The user may have signed out and gone back: that session stays ended.
        _profile(gateway, session)
    else:
        entry = gateway.sessions.entry(session, profile)
        counts = riding(gateway, WEB_VIEW, STARTED, FINISHED)
        gateway.redis_store.put_all([entry], increments=counts)
    other = _other_user(request, gateway, user)
    if other and gateway.sessions.end(other):
        nudge(request.context, gateway, at_once=True)
    url = safe_next(user.next, origins=client.origins)
    page = go_on(
        language_of(request), url, client_name="", https=gateway.settings.secure
    )
    return page.with_headers(gateway.sessions.cookie(session, now=now))


def _client_of(gateway: Gateway, appid: str) -> Client | None:
    """Return LOGIN_CLIENT if it may sign users in, and the app is its mini program."""
    client = gateway.registry.client(gateway.settings.login_client)
    if client is None or client.disabled:
        return None
    if gateway.registry.scopes_of(client, appid) is None:
        return None
    app = gateway.registry.app(appid)
    return client if app and app.kind == "miniprogram" else None


def _next(request: Request, gateway: Gateway, client: Client) -> str:
    content = request.json()
    asked = content.get("next") if isinstance(content, dict) else None
    if not isinstance(asked, str):
        raise BadRequest
    base = gateway.settings.public_base_url
    found = safe_next(asked, origins=client.origins, own=base)
    # A page takes the default instead, but here is a programmer to be told.
    if found == DEFAULT_NEXT and asked not in (DEFAULT_NEXT, base + DEFAULT_NEXT):
        raise NextRefused(
            cause=f"next leads to {host_of(asked)}; the origins of {client.client_id} "
            f"are {listed(client.origins)}: manage.py client update --origin"
        )
    return found


def _profile(gateway: Gateway, user: WebViewUser | Session) -> Mapping[str, Any]:
    """Return the profile; WebViewCodeExpired if that session has ended meanwhile."""
    try:
        return gateway.sessions.profile(Session(user.sub, user.sid, user.at))
    except NotSignedIn:
        raise WebViewCodeExpired from None


def _other_user(
    request: Request, gateway: Gateway, user: WebViewUser
) -> Session | None:
    """Return the session of another user in this browser, if there is one."""
    session = gateway.sessions.of(request, now=gateway.clock())
    if session is None or session.sub == user.sub:
        return None
    try:
        gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    return session


def _bound(code: str, browser: str) -> bytes:
    return f"web_view|{sha256_hex(code)}|{sha256_hex(browser)}".encode()


def _cookie_name(gateway: Gateway) -> str:
    """Return the cookie that binds the form to the browser that has seen the page."""
    return "__Host-web_view" if gateway.settings.secure else "web_view"
