"""The browser comes back from WeChat with a code, or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.oauth_callback.exchange import WayBack, exchange
from functions.oauth_callback.way_on import lead_home, lead_on
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
from runtime.registry.subjects import subject_for
from runtime.sign_in.sessions import Session
from runtime.state.stored_fields import known_fields
from runtime.web.messages import Request, Response, redirect
from runtime.web.next_url import safe_next

SPENT_CODE = (40029, 40163, 42003)
"""WeChat's words for a code that is unknown, used or expired."""


def come_back(request: Request, gateway: Gateway, appid: str) -> Response:
    """End the flow with a session and go on to `next`, or to the client that asked.

    The same callback may come several times, even in parallel: each gets the same
    answer, and the code is exchanged once.
    """
    state = request.argument("state") or ""
    try:
        flow = gateway.flows.find(state)
    except GatewayError as error:
        lead_home(error, gateway, gateway.flows.cookies.of(request, state))
        raise
    asked = flow.request
    client_id = asked.client_id if asked else gateway.settings.login_client
    client = gateway.registry.client(client_id)
    try:
        app = gateway.registry.app(appid)
        if app is None or appid not in flow.appids:
            # A code of one app must not be taken at the address of another.
            raise FlowExpired
        return _end(request, gateway, WayBack(state, flow, app, client))
    except GatewayError as error:
        lead_on(error, flow, client)
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
    session = Session(**known_fields(Session, result))
    response = redirect(_location(gateway, way, result))
    if not session.sid:
        return response
    try:
        gateway.sessions.profile(session)
    except NotSignedIn:
        # Back, after signing out: what is over does not begin again.
        raise FlowExpired from None
    cookie = gateway.sessions.cookie(session, now=gateway.clock())
    return response.with_headers(cookie)


def _location(gateway: Gateway, way: WayBack, result: Mapping[str, Any]) -> str:
    asked, client = way.flow.request, way.client
    if asked is None or client is None:
        # Checked again: what stood in Redis is not taken on trust.
        return safe_next(way.flow.next, origins=client.origins if client else ())
    issuer = gateway.settings.public_base_url
    if not asked.wants(subject_for(client, result["sub"])):
        # Somebody else has signed in than the one of the client's id_token_hint.
        return asked.refused("login_required", issuer=issuer)
    code = gateway.grants.code_of(way.state, key=result["key"])
    return asked.granted(code, issuer=issuer)


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
    started = gateway.flows.start(replace(way.flow, restarted=True), request)
    url = gateway.sign_in.authorize_url(way.app, started.state, scope=way.flow.scope)
    return redirect(url).with_headers(started.cookie)
