"""Endpoints by which a component signs in users of the accounts it acts for."""

from __future__ import annotations

from sandbox.basics.credentials import check_grant_type, is_listed, known_app
from sandbox.basics.oauth import answer_tokens, renew_tokens
from sandbox.basics.session import answer_session
from sandbox.call import Answer, Call, OpenEndpoint
from sandbox.component.authorizations import Authorizations
from sandbox.errors import WeChatError
from sandbox.world import App, World, code_owner


def access_token(world: World, call: Call) -> Answer:
    """Change a code that came by the component's link for the user's tokens."""
    component, app = _parties(world, call)
    check_grant_type(call.argument("grant_type"), "authorization_code")
    code = call.argument("code")
    if not code:
        raise WeChatError(41008)
    owner = code_owner(app.appid, component.appid)
    return answer_tokens(world, world.oauth_codes.redeem(owner, code))


def refresh_token(world: World, call: Call) -> Answer:
    """Renew the user's token."""
    _, app = _parties(world, call)
    return renew_tokens(world, app, call)


def jscode2session(world: World, call: Call) -> Answer:
    """Change a mini program's login code for the session."""
    _, app = _parties(world, call)
    check_grant_type(call.argument("grant_type"), "authorization_code")
    return answer_session(world, app, call.argument("js_code"))


def _parties(world: World, call: Call) -> tuple[App, App]:
    """Return the component and the account that authorised it.

    WeChatError 41018 and 41021 for what is missing, 48001 and 40090 for a token that
    is not a component's, 40094 another component's, 40090 another IP address, 41002
    and 40013 for the account's appid, 61003 if it did not authorise.
    """
    named, value = (
        call.argument(name) for name in ("component_appid", "component_access_token")
    )
    if not named:
        raise WeChatError(41018)
    if not value:
        raise WeChatError(41021)
    token = world.tokens.find(value)
    if token.component:
        raise WeChatError(48001)
    component = world.apps[token.appid]
    listed = component.ip_whitelist
    if component.kind != "component" or (
        listed and not is_listed(call.client_ip, listed)
    ):
        source = f"bad client ip), requestIP: {call.client_ip}"
        raise WeChatError(40090, f"invalid request source ({source}")
    if named != component.appid:
        raise WeChatError(40094)
    app = known_app(world, call.argument("appid"))
    world.of(component.appid, Authorizations).get(app.appid)
    return component, app


ENDPOINTS = (
    OpenEndpoint("GET", "/sns/oauth2/component/access_token", access_token),
    OpenEndpoint("GET", "/sns/oauth2/component/refresh_token", refresh_token),
    OpenEndpoint("GET", "/sns/component/jscode2session", jscode2session),
)
