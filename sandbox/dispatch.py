"""Dispatch of a call to its endpoint, after the checks that all endpoints share."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.call import Answer, Call, Endpoint, OpenEndpoint
from sandbox.component.credentials import check_on_behalf
from sandbox.errors import WeChatError
from sandbox.world import App, World

Endpoints = Mapping[str, Endpoint | OpenEndpoint]


def dispatch(world: World, endpoints: Endpoints, call: Call) -> Answer:
    """Return the endpoint's answer; WeChatError for whatever stands in its way."""
    endpoint = endpoints.get(call.path)
    if endpoint is None:
        raise WeChatError(40066)
    if endpoint.posted and call.method == "POST":
        call = call.with_form()
    elif endpoint.method not in ("*", call.method):
        raise WeChatError(43001 if endpoint.method == "GET" else 43002)
    if isinstance(endpoint, OpenEndpoint):
        return endpoint.answer(world, call)
    app = _authenticate(world, endpoint, call)
    world.quota.spend(app.appid, call.path)
    return endpoint.answer(world, app, call)


def _authenticate(world: World, endpoint: Endpoint, call: Call) -> App:
    token = call.argument("access_token")
    if not token:
        raise WeChatError(41001)
    found = world.tokens.find(token)
    app = world.apps[found.appid]
    if app.kind not in endpoint.kinds:
        raise WeChatError(_wrong_kind(app, endpoint))
    if found.component:
        check_on_behalf(world, found, call)
    return app


def _wrong_kind(app: App, endpoint: Endpoint) -> int:
    """Return the errcode for the token of an app that the API is not for."""
    if endpoint.kinds == ("component",):
        return 61014
    return 61015 if app.kind == "component" else 40014
