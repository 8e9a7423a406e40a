"""Consent of a merchant on an authorization page: the event, and the way back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sandbox.component.authorizations import REDIRECT_LIFE, Authorizations, Sets
from sandbox.component.events import authorize
from sandbox.push import DEADLINE
from sandbox.state.authorization_pages import DONE, AuthorizationPage
from sandbox.world import World


async def consent(
    world: World,
    page: AuthorizationPage,
    authorizer: str,
    sets: Sets,
    *,
    event: bool = True,
    one_code: bool = True,
    deadline: float = DEADLINE,
) -> dict[str, Any]:
    """Let an account allow the sets, and return where the browser goes.

    The event is pushed first; for sets that were allowed before there is none. Whether
    event and browser carry the same code is not documented: `one_code` decides.
    """
    app = world.apps[page.component]
    authorizations = world.of(app.appid, Authorizations)
    former = authorizations.sets_of(authorizer)
    kind = "authorized" if former is None else "updateauthorized"
    unchanged = former is not None and set(former) == set(sets)
    answer = await authorize(
        world,
        app,
        authorizer,
        sets,
        pre_auth_code=page.pre_auth_code,
        kind=kind if event and not unchanged else None,
        deadline=deadline,
    )
    code = answer["authorization_code"]
    if not one_code:
        code, now = world.ids.auth_code(), world.clock.now()
        authorizations.add_code(
            code, authorizer=authorizer, now=now, life=REDIRECT_LIFE
        )
    page.back, page.status = _back(page.redirect_uri, code), DONE
    return {**answer, "auth_code": code, "back": page.back}


def _back(redirect_uri: str, code: str) -> str:
    """Return the redirect_uri with the code behind its own query."""
    address, hash_mark, fragment = redirect_uri.partition("#")
    query = urlencode({"auth_code": code, "expires_in": REDIRECT_LIFE})
    return f"{address}{'&' if '?' in address else '?'}{query}{hash_mark}{fragment}"
