"""The callback: the browser comes back from WeChat with a code, or without one."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from functions.oauth_callback.continue_link import links_of_flow, links_without_flow
from runtime.broker.answered import answered_page
from runtime.broker.client_answer import refused, target_of_refusal
from runtime.broker.embedded import frame_url_of
from runtime.broker.finish import FlowEnd, client_of_flow, continuation, finish
from runtime.broker.outcomes import (
    EXPIRED,
    IN_WECHAT,
    QR_CODE,
    WECOM_PAGE,
    count,
    count_error,
)
from runtime.broker.start import url_at_wecom
from runtime.crypto.encoding import sha256_hex
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
from runtime.errors import (
    ConsentRefused,
    CookieMissing,
    FlowExpired,
    GatewayError,
    NotAMember,
    OutsideVisibleRange,
    SnapshotUser,
    WeChatRefused,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import Client
from runtime.sign_in.flows import Flow
from runtime.sign_in.sessions import WECOM_CLIENT
from runtime.web.browsers import browser_of
from runtime.web.messages import Request, Response, redirect


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
        if kept and isinstance(error, FlowExpired):
            count(gateway, _way_through(gateway, appid), EXPIRED)
        raise _on_page(error, links_without_flow(error, gateway, kept)) from error
    client = client_of_flow(gateway, flow)
    try:
        app = gateway.registry.app(appid)
        if app is None or appid not in flow.appids:
            # A code of one app must not be taken at the callback URL of another.
            raise FlowExpired
        return _end(request, gateway, FlowEnd(state, flow, app, client))
    except GatewayError as error:
        _count(gateway, flow, error)
        raise _on_page(error, _links(gateway, flow, client, error)) from error


def _links(
    gateway: Gateway, flow: Flow, client: Client | None, error: GatewayError
) -> PageLinks:
    """Return the links of the page; the client learns whom WeCom does not know."""
    links, asked = links_of_flow(flow, client), flow.request
    stranger = isinstance(error, NotAMember | OutsideVisibleRange)
    if not stranger or asked is None or client is None:
        return links
    back, fields = target_of_refusal(
        gateway, asked, "access_denied", description=error.message
    )
    return replace(links, back=back, back_fields=fields, client_name=client.name)


def _way_through(gateway: Gateway, appid: str) -> str:
    """Return the way of a flow that is gone, as far as its app tells."""
    app = gateway.registry.app(appid)
    if app and app.is_wecom:
        return WECOM_PAGE
    return QR_CODE if app and app.kind == "website" else IN_WECHAT


def _count(gateway: Gateway, flow: Flow, error: GatewayError) -> None:
    if not flow.confirmation:  # what a phone is asked is no sign-in
        count_error(gateway, flow.way, error)


def _on_page(error: GatewayError, links: PageLinks) -> ErrorInDialect:
    return ErrorInDialect(error, partial(web_dialect, links=links))


def _end(request: Request, gateway: Gateway, end: FlowEnd) -> Response:
    state, asked = end.state, end.flow.request
    embedded = asked is not None and asked.embedded
    if not embedded:
        try:
            gateway.flows.check_browser(end.flow, state, request)
        except CookieMissing:
            # WeChat's web-view at times loses cookies between two pages.
            return _restart(request, gateway, end, second_time=CookieMissing)
    end.check(gateway.registry)
    code = request.argument("code")
    try:
        if not code or code == "authdeny":
            raise ConsentRefused
        # Before the code is claimed: whoever is refused may come again with it.
        with gateway.sign_ins_in_flight.counted(
            end.client.client_id if end.client else ""
        ):
            result = gateway.flows.once(state, lambda: _exchanged(gateway, end, code))
    except WeChatRefused as error:
        if not error.is_spent_code:
            raise
        return _restart(request, gateway, end)
    except (ConsentRefused, SnapshotUser) as error:
        return _refused(request, gateway, end, error)
    except FlowExpired:
        if page := _answered_page(request, gateway, end):
            return page
        raise
    if end.flow.confirmation:
        # The computer's sign-in is not this browser's: the phone is only asked.
        return redirect(f"/login/phone?flow={state}")
    known = str(result.fields.get("wechat_code"))
    if embedded and not hmac.compare_digest(known, sha256_hex(code)):
        # Who began the sign-in knows the state. Another user may have finished it, and
        # only that user's browser knows WeChat's code.
        raise FlowExpired
    language = end.flow.language or language_of(request)
    html = request.accepts_html()
    return continuation(gateway, end, result, language=language, html=html)


def _exchanged(gateway: Gateway, end: FlowEnd, code: str) -> Mapping[str, Any]:
    if end.app.is_wecom:
        profile = gateway.wecom_sign_in.exchange_code(end.app, code)
        way = WECOM_CLIENT if profile["in_client"] else ""
    else:
        profile, way = gateway.sign_in.exchange_code(end.app, code), ""
    if end.flow.confirmation:
        gateway.flows.keep_profile(end.state, profile)
        return {}
    return {**finish(gateway, end, profile, way=way), "wechat_code": sha256_hex(code)}


def _answered_page(request: Request, gateway: Gateway, end: FlowEnd) -> Response | None:
    """Return the page for a user who goes back to WeChat's after the sign-in."""
    session = gateway.sessions.of(request, now=gateway.clock())
    asked, client = end.flow.request, end.client
    if asked is None or client is None or session is None:
        return None
    return answered_page(request, gateway, asked, client, session, by_client=False)


def _refused(
    request: Request, gateway: Gateway, end: FlowEnd, error: GatewayError
) -> Response:
    """Tell the client that asked, or the user where the client leaves that to us."""
    asked, client = end.flow.request, end.client
    preview = isinstance(error, SnapshotUser)
    if asked is None or client is None or (preview and client.snapshot_users == "page"):
        raise error
    _count(gateway, end.flow, error)
    return refused(
        gateway,
        asked,
        client,
        "access_denied",
        language=end.flow.language or language_of(request),
        description=error.message,
    )


def _restart(
    request: Request,
    gateway: Gateway,
    end: FlowEnd,
    *,
    second_time: type[FlowExpired] = FlowExpired,
) -> Response:
    """Restart the sign-in without asking; the second time the user has to ask."""
    flow = end.flow
    if flow.restarted:
        raise second_time
    # Each repetition of the same callback starts another flow.
    gateway.limits.sign_in(request)
    if flow.request and flow.request.embedded:
        again = replace(flow, restarted=True)
        return redirect(frame_url_of(gateway, again, end.app))
    started = gateway.flows.start(replace(flow, restarted=True), request)
    if end.app.is_wecom:
        url = url_at_wecom(gateway, end.app, started.state, browser_of(request), flow)
    else:
        url = gateway.sign_in.authorize_url(end.app, started.state, scope=flow.scope)
    return redirect(url).with_headers(started.cookie)
