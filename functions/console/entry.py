"""The entry of the console: a code is typed, or a user's session opens it.

A session of WeChat opens it for viewing, a new one of WeCom's client for the member's
role.

A GET changes nothing: a program that fetches the address to preview it uses nothing up.
The page says the same to everybody whose browser has no session of a user with a role.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from functions.console.visitor import (
    HOME,
    VIEWER,
    Visitor,
    check_origin,
    form_view,
    name_of,
    visitor,
)
from runtime.broker.admission import may_have_session
from runtime.broker.form_tokens import check_form, form_token
from runtime.broker.start import with_chosen_language
from runtime.errors import N_, NotFound, NotSignedIn
from runtime.gateway import Gateway
from runtime.pages.console_pages import console_page
from runtime.pages.languages import language_of
from runtime.registry.known_users import ROLES, KnownUser, document_id
from runtime.sign_in.console_sessions import BY_WECHAT, BY_WECOM, SESSION_SECONDS
from runtime.sign_in.sessions import WECOM_CLIENT, Session
from runtime.web.browsers import Browser, browser_of
from runtime.web.messages import Request, Response, redirect, single

log = logging.getLogger("gateway.admin")

PATH = "/console/enter"

_ABOUT = b"console:enter"

WRONG_CODE = N_(
    "This code does not open the console. It is mistyped, used, older than five "
    "minutes, or its operator has no role any more: ask for a new one."
)


def enter_page(request: Request, gateway: Gateway) -> Response:
    """Answer GET /console/enter: the form for a code."""
    chosen = with_chosen_language(request, PATH, gateway.settings)
    return chosen or _page(request, gateway)


def enter(request: Request, gateway: Gateway) -> Response:
    """Answer POST /console/enter: begin a session of the console."""
    check_origin(request, gateway)
    if single(request.form, "way") == "session":
        return _enter_by_session(request, gateway)
    check_form(request, gateway, _ABOUT)
    gateway.limits.console_code(request)
    id_ = gateway.console_codes.take(single(request.form, "code") or "")
    user = gateway.registry.known_user_by_id(id_) if id_ else None
    if id_ is None or user is None or user.role not in ROLES:
        log.info("%s - console enter: wrong_code", request.request_id)
        return _page(request, gateway, fault=WRONG_CODE)
    log.info("%s people/%s console enter: done", request.request_id, id_)
    _end_former(request, gateway)
    cookie = gateway.console_sessions.by_code(id_, now=gateway.clock())
    return redirect(HOME).with_headers(cookie)


def _enter_by_session(request: Request, gateway: Gateway) -> Response:
    found = _user_with_role(request, gateway)
    if found is None:
        raise NotFound
    session, id_, user = found
    check_form(request, gateway, _about(session))
    way = _way_of(session, gateway)
    role = user.role if way == BY_WECOM else VIEWER
    log.info("%s people/%s console enter: %s", request.request_id, id_, role)
    _end_former(request, gateway)
    cookie = gateway.console_sessions.by_session(
        id_, session, way=way, now=gateway.clock()
    )
    return redirect(HOME).with_headers(cookie)


@form_view
def leave(request: Request, gateway: Gateway, seen: Visitor) -> Response:
    """Answer POST /console/leave: end the session of the console."""
    gone = gateway.console_sessions.end(seen.session)
    return redirect(PATH).with_headers(gone)


def _page(request: Request, gateway: Gateway, *, fault: str = "") -> Response:
    found = _user_with_role(request, gateway)
    session, user = (found[0], found[2]) if found else (None, None)
    return console_page(
        language_of(request),
        "enter",
        title=N_("Open the console"),
        url=PATH,
        status=403 if fault else 200,
        https=gateway.settings.secure,
        form_token=form_token(gateway, _ABOUT),
        fault=fault,
        is_inside=_is_inside(request, gateway),
        home=HOME,
        user_name=name_of(user) if user else "",
        user_token=form_token(gateway, _about(session)) if session else "",
        by_wecom=session is not None and _way_of(session, gateway) == BY_WECOM,
        wecom_url=_wecom_url(request, gateway),
    )


def _way_of(session: Session, gateway: Gateway) -> str:
    """Return how this session enters; one of WeCom's client for an hour with a role.

    There a member signs in anew by one tap. An older cookie proves less, and so does
    one that other hosts get as well.
    """
    is_new = gateway.clock() - session.at <= SESSION_SECONDS
    in_client = session.way == WECOM_CLIENT and not gateway.settings.cookie_domain
    return BY_WECOM if in_client and is_new else BY_WECHAT


def _wecom_url(request: Request, gateway: Gateway) -> str:
    """Return where a member signs in inside WeCom's client, "" in other browsers."""
    if browser_of(request) is not Browser.WECOM:
        return ""
    client = gateway.registry.client(gateway.settings.login_client)
    apps = gateway.registry.apps_of(client) if client else ()
    has_one = any(app.agentid for app in apps)
    return f"/login?{urlencode({'next': PATH})}" if has_one else ""


def _user_with_role(
    request: Request, gateway: Gateway
) -> tuple[Session, str, KnownUser] | None:
    """Return session, document id and document of a signed-in user with a role.

    A session of a way by which others can talk a user into signing in opens nothing.
    """
    session = gateway.sessions.of(request, now=gateway.clock())
    if not session or not session.by_cookie or not session.may_open_console:
        return None
    try:
        profile = gateway.sessions.profile(session)
    except NotSignedIn:
        return None
    user = gateway.registry.known_user(session.sub)
    if user is None or user.role not in ROLES:
        return None
    if not may_have_session(gateway, session.sub, profile):
        return None
    return session, document_id(session.sub), user


def _is_inside(request: Request, gateway: Gateway) -> bool:
    try:
        visitor(request, gateway)
    except NotFound:
        return False
    return True


def _end_former(request: Request, gateway: Gateway) -> None:
    if former := gateway.console_sessions.find(request):
        gateway.console_sessions.end(former)


def _about(session: Session) -> bytes:
    return f"console:enter:{session.sid}".encode()
