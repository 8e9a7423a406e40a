"""Endpoints for an access_token: /cgi-bin/token and /cgi-bin/stable_token."""

from __future__ import annotations

from sandbox.basics.credentials import (
    check_grant_type,
    check_may_fetch,
    check_secret,
    known_app,
)
from sandbox.call import Answer, Call, OpenEndpoint
from sandbox.errors import WeChatError
from sandbox.state.app_tokens import AppToken
from sandbox.world import App, World


def normal(world: World, call: Call) -> Answer:
    """Answer a new token, whatever tokens there were."""
    app = known_app(world, call.argument("appid"))
    grant_type, secret = call.argument("grant_type"), call.argument("secret")
    _check(world, app, call, grant_type=grant_type, secret=secret)
    return _answer(world, world.tokens.issue(app.appid))


def stable(world: World, call: Call) -> Answer:
    """Answer the current token; only the JSON body is read."""
    fields = call.fields()
    app = known_app(world, fields.get("appid"))
    force = fields.get("force_refresh", False)
    if not isinstance(force, bool):
        raise WeChatError(47001)
    grant_type, secret = fields.get("grant_type"), fields.get("secret")
    _check(world, app, call, grant_type=grant_type, secret=secret)
    return _answer(world, world.tokens.stable(app.appid, force=force))


def _check(
    world: World, app: App, call: Call, *, grant_type: object, secret: object
) -> None:
    check_grant_type(grant_type, "client_credential")
    check_secret(app, secret)
    check_may_fetch(app, call.client_ip)
    if app.kind == "component":
        raise WeChatError(61024)
    if app.kind in ("website", "mobile"):
        raise WeChatError(48001)
    world.quota.spend(app.appid, call.path)


def _answer(world: World, token: AppToken) -> Answer:
    remaining = round(token.expires_at - world.clock.now())
    return {"access_token": token.value, "expires_in": remaining}


ENDPOINTS = (
    OpenEndpoint("GET", "/cgi-bin/token", normal, posted=True),
    OpenEndpoint("POST", "/cgi-bin/stable_token", stable),
)
