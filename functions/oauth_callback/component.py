"""The callback of an authorisation: a merchant's browser comes back from WeChat.

It has WeChat's code, which works once. The gateway exchanges it and stores what it is
worth before the client hears of it, by a code of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from functions.oauth_callback.continue_link import links_of_flow, links_without_flow
from runtime.broker.component_authorization import client_for, component_of
from runtime.broker.outcomes import (
    AUTHORIZATION,
    EXPIRED,
    FINISHED,
    count,
    count_error,
    riding,
)
from runtime.entry.dialects import ErrorInDialect, PageLinks, web_dialect
from runtime.errors import (
    N_,
    FlowExpired,
    GatewayError,
    ServiceUnavailable,
    WeChatUnavailable,
)
from runtime.gateway import Gateway
from runtime.pages.languages import language_of
from runtime.registry.models import App, Client
from runtime.sign_in.authorization_request import AuthorizationRequest, extended
from runtime.sign_in.flows import Flow
from runtime.tokens.component_codes import CODE_SECONDS
from runtime.web.messages import Request, Response, redirect

PENDING_SECONDS = 3
"""After this time the page asks again whether the authorisation is saved."""


class AuthorizationExpired(FlowExpired):
    """The state is unknown, old, or another browser's; or WeChat gave no code."""

    code = "authorization_expired"
    message = N_(
        "This authorization has expired or was started in another browser. "
        "Please start again."
    )


def authorized(request: Request, gateway: Gateway, component_id: str) -> Response:
    """Take the authorisation, and lead the browser on to the client that asked.

    The same callback may come several times, even in parallel: each gets the same
    answer, and WeChat's code is exchanged once.
    """
    state = request.argument("state") or ""
    try:
        flow = gateway.flows.find(state)
        if flow.component != component_id:
            raise FlowExpired
    except GatewayError as error:
        kept = gateway.flows.cookies.of(request, state)
        if kept and isinstance(error, FlowExpired):
            count(gateway, AUTHORIZATION, EXPIRED)
        raise _on_page(error, links_without_flow(error, gateway, kept)) from error
    asked = flow.request
    client = gateway.registry.client(asked.client_id) if asked else None
    try:
        if asked is None:
            raise FlowExpired
        gateway.flows.check_browser(flow, state, request)
        component = component_of(gateway, component_id)
        client = client_for(gateway, component, asked.client_id, asked.redirect_uri)
        return _end(request, gateway, component, client, flow, asked, state)
    except GatewayError as error:
        count_error(gateway, AUTHORIZATION, error)
        raise _on_page(error, links_of_flow(flow, client)) from error


def _end(
    request: Request,
    gateway: Gateway,
    component: App,
    client: Client,
    flow: Flow,
    asked: AuthorizationRequest,
    state: str,
) -> Response:
    code = request.argument("auth_code")
    if not code:
        raise FlowExpired

    def exchange() -> Mapping[str, Any]:
        return _taken(gateway, component, client, code, state)

    try:
        with gateway.sign_ins_in_flight.counted(client.client_id):
            result = gateway.flows.once(state, exchange)
    except (ServiceUnavailable, WeChatUnavailable):
        # What came is stored, or will be when the page comes again with it.
        from runtime.pages.pages import component_pending

        with suppress(ServiceUnavailable):
            gateway.flows.prolong(state, flow)

        return component_pending(
            flow.language or language_of(request),
            seconds=PENDING_SECONDS,
            request_id=request.request_id,
            https=gateway.settings.secure,
        )
    pairs = {
        "auth_code": gateway.component_codes.code_of(state, key=result.fields["key"]),
        "expires_in": str(CODE_SECONDS),
        "appid": str(result.fields["appid"]),
    }
    if asked.state is not None:
        pairs["state"] = asked.state
    return redirect(extended(asked.redirect_uri, pairs))


def _taken(
    gateway: Gateway, component: App, client: Client, code: str, state: str
) -> Mapping[str, Any]:
    """Return the account that is durable now, and what makes the client's code."""
    from runtime.wechat.authorizations import AuthorizationCode

    came = AuthorizationCode(code, at=int(gateway.clock()))
    appid = gateway.authorizations.take(component, came, way="redirect")
    codes = gateway.component_codes
    _, entry = codes.make(client, component.appid, appid, flow=state)
    counts = riding(gateway, AUTHORIZATION, FINISHED)
    gateway.redis_store.put_all([entry], increments=counts)
    return {"appid": appid, "key": codes.newest_key}


def _on_page(error: GatewayError, links: PageLinks) -> ErrorInDialect:
    if isinstance(error, FlowExpired):
        error = AuthorizationExpired()
    return ErrorInDialect(error, partial(web_dialect, links=links))
