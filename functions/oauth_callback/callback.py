"""The browser comes back from WeChat with a code, or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from runtime.errors import ConsentRefused, FlowExpired, GatewayError, WeChatRefused
from runtime.flows import Flow
from runtime.gateway import Gateway
from runtime.messages import Request, Response, redirect
from runtime.next_url import safe_next
from runtime.registry import App
from runtime.sessions import Session

SPENT_CODE = (40029, 40163, 42003)
"""WeChat's words for a code that is unknown, used or expired."""


def come_back(request: Request, gateway: Gateway, appid: str) -> Response:
    """End the flow with a session and go on to `next`.

    The same callback may come several times, even in parallel: each gets the same
    answer, and the code is exchanged once.
    """
    state = request.argument("state")
    flow = gateway.flows.find(state)
    app = gateway.registry.app(appid)
    if state is None or app is None or appid not in flow.appids:
        # A code of one app must not be taken at the address of another.
        raise FlowExpired
    try:
        return _end(request, gateway, flow, state, app)
    except GatewayError as error:
        error.start_again = f"/login?next={quote(flow.next, safe='')}"
        error.language = flow.language
        raise


def _end(
    request: Request, gateway: Gateway, flow: Flow, state: str, app: App
) -> Response:
    is_browser = gateway.flows.is_browser(flow, state, request)
    if is_browser is None:
        # WeChat's web-view at times loses cookies between two pages.
        return _restart(gateway, flow, app)
    if not is_browser:
        raise FlowExpired
    code = request.argument("code")
    if not code or code == "authdeny":
        raise ConsentRefused
    try:
        result = gateway.flows.once(state, lambda: _exchange(gateway, app, code))
    except WeChatRefused as error:
        if error.errcode not in SPENT_CODE:
            raise
        return _restart(gateway, flow, app)
    session = Session(**result)
    return redirect(_next(gateway, flow)).with_headers(
        gateway.sessions.cookie(session, now=gateway.clock())
    )


def _exchange(gateway: Gateway, app: App, code: str) -> Mapping[str, Any]:
    sub, profile = gateway.sign_in.exchange(app, code)
    session = gateway.sessions.begin(sub, profile, now=gateway.clock())
    return {"sub": session.sub, "sid": session.sid, "at": session.at}


def _restart(gateway: Gateway, flow: Flow, app: App) -> Response:
    """Begin once more by itself; the second time a person decides."""
    if flow.restarted:
        raise FlowExpired
    started = gateway.flows.start(replace(flow, restarted=True))
    url = gateway.sign_in.authorize_url(app, started.state)
    return redirect(url).with_headers(started.cookie)


def _next(gateway: Gateway, flow: Flow) -> str:
    # Checked again: what stood in Redis is not taken on trust.
    client = gateway.registry.client(gateway.settings.login_client)
    return safe_next(flow.next, origins=client.origins if client else ())
