"""The browser comes back from WeChat with a code, or without one."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from functions.oauth_callback.exchange import exchange
from functions.oauth_callback.way_back import WayBack
from runtime.errors import (
    ConsentRefused,
    CookieMissing,
    FlowExpired,
    GatewayError,
    NotSignedIn,
    SnapshotUser,
    WeChatRefused,
)
from runtime.gateway import Gateway
from runtime.messages import Request, Response, redirect
from runtime.next_url import safe_next
from runtime.sessions import Session
from runtime.subjects import subject_for

SPENT_CODE = (40029, 40163, 42003)
"""WeChat's words for a code that is unknown, used or expired."""


def come_back(request: Request, gateway: Gateway, appid: str) -> Response:
    """End the flow with a session and go on to `next`, or to the client that asked.

    The same callback may come several times, even in parallel: each gets the same
    answer, and the code is exchanged once.
    """
    state = request.argument("state")
    flow = gateway.flows.find(state)
    app = gateway.registry.app(appid)
    asked = flow.request
    client_id = asked.client_id if asked else gateway.settings.login_client
    client = gateway.registry.client(client_id)
    if state is None or app is None or appid not in flow.appids:
        # A code of one app must not be taken at the address of another.
        raise FlowExpired
    try:
        return _end(request, gateway, WayBack(state, flow, app, client))
    except GatewayError as error:
        error.start_again = (
            asked.again if asked else f"/login?next={quote(flow.next, safe='')}"
        )
        error.home = client.home if client and client.home else None
        error.language = flow.language
        raise


def _end(request: Request, gateway: Gateway, way: WayBack) -> Response:
    is_browser = gateway.flows.is_browser(way.flow, way.state, request)
    if is_browser is None:
        # WeChat's web-view at times loses cookies between two pages.
        return _restart(request, gateway, way, second_time=CookieMissing)
    if not is_browser:
        raise FlowExpired
    way.check()
    code = request.argument("code")
    try:
        if not code or code == "authdeny":
            raise ConsentRefused
        result = gateway.flows.once(way.state, lambda: exchange(gateway, way, code))
    except WeChatRefused as error:
        if error.errcode not in SPENT_CODE:
            raise
        return _restart(request, gateway, way)
    except (ConsentRefused, SnapshotUser) as error:
        return _refused(gateway, way, error)
    session = Session(**result)
    response = redirect(_location(gateway, way, session))
    if not session.sid:
        return response
    try:
        gateway.sessions.profile(session)
    except NotSignedIn:
        # Back, after signing out: what is over does not begin again.
        raise FlowExpired from None
    cookie = gateway.sessions.cookie(session, now=gateway.clock())
    return response.with_headers(cookie)


def _location(gateway: Gateway, way: WayBack, session: Session) -> str:
    asked, client = way.flow.request, way.client
    if asked is None or client is None:
        # Checked again: what stood in Redis is not taken on trust.
        return safe_next(way.flow.next, origins=client.origins if client else ())
    issuer = gateway.settings.public_base_url
    if not asked.wants(subject_for(client, session.sub)):
        # Somebody else has signed in than the one of the client's id_token_hint.
        return asked.refused("login_required", issuer=issuer)
    return asked.granted(gateway.user_grants.code_of(way.state), issuer=issuer)


def _refused(gateway: Gateway, way: WayBack, error: GatewayError) -> Response:
    """Tell the client that asked, or the person where it leaves that to us."""
    asked, client = way.flow.request, way.client
    preview = isinstance(error, SnapshotUser)
    if asked is None or client is None or (preview and client.snapshot_users == "page"):
        raise error
    issuer = gateway.settings.public_base_url
    return redirect(
        asked.refused("access_denied", issuer=issuer, description=error.message)
    )


def _restart(
    request: Request,
    gateway: Gateway,
    way: WayBack,
    *,
    second_time: type[FlowExpired] = FlowExpired,
) -> Response:
    """Begin once more by itself; the second time a person decides."""
    if way.flow.restarted:
        raise second_time
    # Whoever repeats the same callback begins one each time.
    gateway.limits.sign_in(request)
    started = gateway.flows.start(replace(way.flow, restarted=True))
    url = gateway.sign_in.authorize_url(way.app, started.state, scope=way.flow.scope)
    return redirect(url).with_headers(started.cookie)
