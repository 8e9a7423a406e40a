"""Checks of a component's credentials, and of the tokens it got for other accounts."""

from __future__ import annotations

from typing import Any

from sandbox.basics.credentials import check_secret, is_listed, known_app
from sandbox.call import Call
from sandbox.component.authorizations import Authorizations
from sandbox.component.permission_sets import check_permission
from sandbox.errors import WeChatError
from sandbox.state.app_tokens import AppToken
from sandbox.world import App, World


def component_of(world: World, call: Call) -> App:
    """Return the component whose token came, under either name of the parameter.

    WeChatError 41021 no token, 61014 another account's, 61004 another IP address,
    41018 no component_appid in the body, 61011 one that is not the token's.
    """
    app = world.apps[token_of(world, call).appid]
    if app.kind != "component":
        raise WeChatError(61014)
    check_ip(app, call)
    named = call.fields().get("component_appid")
    if named in (None, ""):
        raise WeChatError(41018)
    if named != app.appid:
        raise WeChatError(61011)
    return app


def component_by_secret(
    world: World, call: Call, name: str, *, unknown: int
) -> tuple[App, dict[str, Any]]:
    """Return the component that the body names, and the body; `name` is the secret's.

    WeChatError 41018, `unknown`, 41004, 40125 or 61004, in that order.
    """
    fields = call.fields()
    appid = fields.get("component_appid")
    if appid in (None, ""):
        raise WeChatError(41018)
    app = world.apps.get(appid) if isinstance(appid, str) else None
    if app is None or app.kind != "component":
        raise WeChatError(unknown)
    check_secret(app, fields.get(name))
    check_ip(app, call)
    return app, fields


def authorized_or_itself(world: World, component: App, appid: object) -> App:
    """Return the component, or an account that authorised it.

    WeChatError 41002 and 40013 for the appid, 61003 for another account.
    """
    app = known_app(world, appid)
    if app.appid != component.appid:
        world.of(component.appid, Authorizations).get(app.appid)
    return app


def token_of(world: World, call: Call) -> AppToken:
    """Return the token of a call to the component's API."""
    value = call.argument("component_access_token") or call.argument("access_token")
    if not value:
        raise WeChatError(41021)
    return world.tokens.find(value)


def check_on_behalf(world: World, token: AppToken, call: Call) -> None:
    """Refuse what a component may not do for the account whose token it uses.

    WeChatError 61004 another IP address, 61003 the account withdrew, 61007 it did not
    grant the permission set of the path.
    """
    component = world.apps[token.component]
    check_ip(component, call)
    granted = world.of(component.appid, Authorizations).get(token.appid).func_info
    check_permission(granted, call.path)


def check_ip(component: App, call: Call) -> None:
    """Refuse an address that the component did not register with WeChatError 61004."""
    listed = component.ip_whitelist
    if listed and not is_listed(call.client_ip, listed):
        text = f"access clientip is not registered requestIP: {call.client_ip}"
        raise WeChatError(61004, text)
