"""Endpoints for a component's credentials: from its ticket to an account's token."""

from __future__ import annotations

from typing import Any

from sandbox.call import Answer, Call, OpenEndpoint
from sandbox.component.authorizations import (
    PRE_AUTH_LIFE,
    Authorization,
    Authorizations,
    Sets,
)
from sandbox.component.credentials import (
    authorized_or_itself,
    component_by_secret,
    component_of,
)
from sandbox.component.verify_tickets import VerifyTickets
from sandbox.state.app_tokens import LIFE
from sandbox.world import App, World


def start_push_ticket(world: World, call: Call) -> Answer:
    """Start the pushes of tickets if they have stopped."""
    app, _ = component_by_secret(world, call, "component_secret", unknown=40013)
    started = world.of(app.appid, VerifyTickets).start()
    return {"errcode": 0, "errmsg": "ok" if started else "in a normal state"}


def component_token(world: World, call: Call) -> Answer:
    """Answer a new token of the component for a ticket that has not expired."""
    name = "component_appsecret"
    app, fields = component_by_secret(world, call, name, unknown=61011)
    ticket = fields.get("component_verify_ticket")
    world.of(app.appid, VerifyTickets).check(ticket, now=call.now)
    world.quota.spend(app.appid, call.path)
    token = world.tokens.issue(app.appid)
    return {"component_access_token": token.value, "expires_in": LIFE}


def create_preauthcode(world: World, call: Call) -> Answer:
    """Answer a code for the authorisation page."""
    app = component_of(world, call)
    code = world.ids.pre_auth_code()
    world.of(app.appid, Authorizations).add_pre_auth_code(code, now=call.now)
    return {"pre_auth_code": code, "expires_in": PRE_AUTH_LIFE}


def query_auth(world: World, call: Call) -> Answer:
    """Change an authorisation's code, once, for the account's tokens."""
    app = component_of(world, call)
    code = call.fields().get("authorization_code")
    authorizations = world.of(app.appid, Authorizations)
    authorization = authorizations.redeem(code, now=call.now)
    tokens = _tokens(world, app, authorization)
    authorizations.note_token(str(code), tokens["authorizer_access_token"])
    return {
        "authorization_info": {
            "authorizer_appid": authorization.authorizer,
            **tokens,
            "func_info": func_info(authorization.func_info),
        }
    }


def authorizer_token(world: World, call: Call) -> Answer:
    """Answer a new token of the account; the previous one lives a little longer."""
    app, fields = component_of(world, call), call.fields()
    authorizations = world.of(app.appid, Authorizations)
    found = authorizations.check_refresh_token(
        fields.get("authorizer_appid"), fields.get("authorizer_refresh_token")
    )
    authorization = authorizations.rotated(found, world.ids.authorizer_refresh_token)
    return _tokens(world, app, authorization)


def clear_quota(world: World, call: Call) -> Answer:
    """Forget today's calls of the component or of one of its accounts, by secret."""
    component, fields = component_by_secret(world, call, "appsecret", unknown=40013)
    app = authorized_or_itself(world, component, fields.get("appid"))
    world.quota.clear(app.appid)
    return {"errcode": 0, "errmsg": "ok"}


def func_info(sets: Sets) -> list[dict[str, Any]]:
    """Return permission sets as the wire has them."""
    return [{"funcscope_category": {"id": number}} for number in sets]


def _tokens(
    world: World, component: App, authorization: Authorization
) -> dict[str, Any]:
    token = world.tokens.issue(authorization.authorizer, component=component.appid)
    return {
        "authorizer_access_token": token.value,
        "expires_in": LIFE,
        "authorizer_refresh_token": authorization.refresh_token,
    }


_PREFIX = "/cgi-bin/component/api_"

ENDPOINTS = (
    OpenEndpoint("POST", _PREFIX + "start_push_ticket", start_push_ticket),
    OpenEndpoint("POST", _PREFIX + "component_token", component_token),
    OpenEndpoint("POST", _PREFIX + "create_preauthcode", create_preauthcode),
    OpenEndpoint("POST", _PREFIX + "query_auth", query_auth),
    OpenEndpoint("POST", _PREFIX + "authorizer_token", authorizer_token),
    OpenEndpoint("POST", "/cgi-bin/component/clear_quota/v2", clear_quota),
)
