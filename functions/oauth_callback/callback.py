"""The callback: the browser comes back from WeChat with a code, or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from functions.oauth_callback.continue_link import links_of_flow, links_without_flow
from functions.oauth_callback.exchange_code import Callback, exchange_code
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
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
"""WeChat's errcodes for a code that is unknown, used or expired."""


def oauth_callback(request: Request, gateway: Gateway, appid: str) -> Response:
    """End the flow with a session and go on to `next`, or to the client that asked.

    The same callback may come several times, even in parallel: each gets the same
    answer, and the code is exchanged once. An error page leads back to where the flow
    began.
    """
    state = request.argument("state") or ""
    try:
        flow = gateway.flows.find(state)
    except GatewayError as error:
        kept = gateway.flows.cookies.of(request, state)
        raise _on_page(error, links_without_flow(error, gateway, kept)) from error
    asked = flow.request
    client_id = asked.client_id if asked else gateway.settings.login_client
    client = gateway.registry.client(client_id)
    try:
        app = gateway.registry.app(appid)
        if app is None or appid not in flow.appids:
            # A code of one app must not be taken at the callback URL of another.
            raise FlowExpired
        return _end(request, gateway, Callback(state, flow, app, client))
    except GatewayError as error:
        raise _on_page(error, links_of_flow(flow, client)) from error


def _on_page(error: GatewayError, links: PageLinks) -> ErrorInDialect:
    return ErrorInDialect(error, partial(web_dialect, links=links))


def _end(request: Request, gateway: Gateway, callback: Callback) -> Response:
    state = callback.state
    is_browser = gateway.flows.is_browser(callback.flow, state, request)
    if is_browser is None:
        # WeChat's web-view at times loses cookies between two pages.
        return _restart(request, gateway, callback, second_time=CookieMissing)
    if not is_browser:
        raise FlowExpired
    callback.check()
    code = request.argument("code")
    try:
        if not code or code == "authdeny":
            raise ConsentRefused
        result = gateway.flows.once(
            state, lambda: exchange_code(gateway, callback, code)
        )
    except WeChatRefused as error:
        if error.errcode not in SPENT_CODE:
            raise
        return _restart(request, gateway, callback)
    except (ConsentRefused, SnapshotUser) as error:
        return _refused(gateway, callback, error)
    session = Session(**known_fields(Session, result.fields))
    response = redirect(_location(gateway, callback, result.fields))
    if not session.sid:
        return response
    if result.repeated:
        try:
            gateway.sessions.profile(session)
        except NotSignedIn:
            # The user has signed out and gone back: the ended session stays ended.
            raise FlowExpired from None
    cookie = gateway.sessions.cookie(session, now=gateway.clock())
    return response.with_headers(cookie)


def _location(gateway: Gateway, callback: Callback, result: Mapping[str, Any]) -> str:
    asked, client = callback.flow.request, callback.client
    if asked is None or client is None:
        # Checked again: what was stored in Redis is not trusted.
        origins = client.origins if client else ()
        return safe_next(callback.flow.next, origins=origins)
    issuer = gateway.settings.public_base_url
    if not asked.wants(subject_for(client, result["sub"])):
        # Another user has signed in than the one of the client's id_token_hint.
        return asked.refused("login_required", issuer=issuer)
    code = gateway.grants.code_of(callback.state, key=result["key"])
    return asked.granted(code, issuer=issuer)


def _refused(gateway: Gateway, callback: Callback, error: GatewayError) -> Response:
    """Tell the client that asked, or the user where the client leaves that to us."""
    asked, client = callback.flow.request, callback.client
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
    callback: Callback,
    *,
    second_time: type[FlowExpired] = FlowExpired,
) -> Response:
    """Restart the sign-in without asking; the second time the user has to ask."""
    flow = callback.flow
    if flow.restarted:
        raise second_time
    # Each repetition of the same callback starts another flow.
    gateway.limits.sign_in(request)
    started = gateway.flows.start(replace(flow, restarted=True), request)
    url = gateway.sign_in.authorize_url(callback.app, started.state, scope=flow.scope)
    return redirect(url).with_headers(started.cookie)
