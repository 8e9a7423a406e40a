"""Dispatch of a call beneath `/qyapi`, after the checks that all endpoints share."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.call import Answer, Call
from sandbox.wecom import (
    contacts,
    credentials,
    customer_service,
    identity,
    media,
    messages,
)
from sandbox.wecom.calls import AnyEndpoint, OpenWecomEndpoint, WecomEndpoint
from sandbox.wecom.corps import WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.world import World

PREFIX = "/qyapi"
ENDPOINTS: Mapping[str, AnyEndpoint] = {
    endpoint.path: endpoint
    for endpoint in (
        *credentials.ENDPOINTS,
        *contacts.ENDPOINTS,
        *messages.ENDPOINTS,
        *media.ENDPOINTS,
        *identity.ENDPOINTS,
        *customer_service.ENDPOINTS,
    )
}


def endpoint_of(path: str) -> AnyEndpoint | None:
    """Return the endpoint of a path with PREFIX, and with any slashes behind it."""
    return ENDPOINTS.get("/" + path.removeprefix(PREFIX).lstrip("/"))


def dispatch(world: World, call: Call) -> Answer:
    """Return the endpoint's answer; WecomError for whatever stands in its way."""
    world.wecom.limits.check_ban(call.client_ip)
    endpoint = endpoint_of(call.path)
    if endpoint is None:
        raise WecomError(40094)
    if endpoint.posted and call.method != "POST":
        raise WecomError(40058)
    if isinstance(endpoint, OpenWecomEndpoint):
        return endpoint.answer(world, call)
    app = _authenticate(world, endpoint, call)
    return endpoint.answer(world, app, call)


def _authenticate(world: World, endpoint: WecomEndpoint, call: Call) -> WecomApp:
    wecom = world.wecom
    token = call.argument("access_token")
    if not token:
        raise WecomError(41001)
    owner = wecom.tokens.find(token, expired=wecom.rules.expired_errcode)
    app = wecom.apps[owner]
    if app.ip_whitelist and call.client_ip not in app.ip_whitelist:
        raise WecomError(60020)
    if app.purpose not in endpoint.purposes:
        raise WecomError(48002)
    wecom.limits.spend(app.corpid, endpoint.path, most=wecom.rules.calls_a_minute)
    return app
