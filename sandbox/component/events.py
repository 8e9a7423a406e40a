"""Events of a component's authorisations and tickets, pushed to its callback URL."""

from __future__ import annotations

from typing import Any

from sandbox.component.authorizations import Authorization, Authorizations, Sets
from sandbox.component.verify_tickets import VerifyTickets
from sandbox.push import DEADLINE, Result, send_push
from sandbox.world import App, World


async def push_due_tickets(world: World) -> None:
    """Push a ticket to each component that waits for one by the platform's clock."""
    for app in list(world.apps.values()):
        if app.kind != "component" or not app.callback_url:
            continue
        tickets = world.of(app.appid, VerifyTickets)
        if tickets.due(since=world.started_at, now=world.clock.now()):
            await push_ticket(world, app)


async def push_ticket(
    world: World, app: App, *, deadline: float = DEADLINE
) -> dict[str, Any]:
    """Make a ticket, push it, and return it with what came of the push."""
    tickets, value = world.of(app.appid, VerifyTickets), world.ids.verify_ticket()
    tickets.add(value, now=world.clock.now())
    message = {"InfoType": "component_verify_ticket", "ComponentVerifyTicket": value}
    push = await _tell(world, app, message, deadline)
    tickets.note(taken=push["error"] is None)
    return {"component_verify_ticket": value, "push": push}


async def authorize(
    world: World,
    app: App,
    authorizer: str,
    sets: Sets,
    *,
    pre_auth_code: str,
    kind: str | None = "authorized",
    deadline: float = DEADLINE,
) -> dict[str, Any]:
    """Let an account allow the sets, and return the code with what came of the push.

    With other sets than before, the account's tokens of this component are invalid.
    Without a `kind` no event tells of it, and `push` is None.
    """
    now = world.clock.now()
    authorizations = world.of(app.appid, Authorizations)
    former = [one for one in authorizations.all() if one.authorizer == authorizer]
    if former and set(former[0].func_info) != set(sets):
        world.tokens.drop_on_behalf(authorizer, component=app.appid)
    refresh_token = world.ids.authorizer_refresh_token()
    authorizations.grant(Authorization(authorizer, sets, now, refresh_token))
    code = world.ids.auth_code()
    expires_at = authorizations.add_code(code, authorizer=authorizer, now=now)
    answer = {"authorization_code": code, "expires_at": int(expires_at)}
    if kind is None:
        return {**answer, "push": None}
    message = {
        "InfoType": kind,
        "AuthorizerAppid": authorizer,
        "AuthorizationCode": code,
        "AuthorizationCodeExpiredTime": int(expires_at),
        "PreAuthCode": pre_auth_code,
    }
    return {**answer, "push": await _tell(world, app, message, deadline)}


async def unauthorize(
    world: World, app: App, authorizer: str, *, deadline: float = DEADLINE
) -> dict[str, Any]:
    """Let an account withdraw; its tokens of this component get 61003 from now on."""
    world.of(app.appid, Authorizations).revoke(authorizer)
    message = {"InfoType": "unauthorized", "AuthorizerAppid": authorizer}
    return {"push": await _tell(world, app, message, deadline)}


async def _tell(
    world: World, app: App, message: dict[str, Any], deadline: float
) -> Result:
    return await send_push(world, app, message, "safe", retries=True, deadline=deadline)
