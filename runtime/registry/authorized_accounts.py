"""Accounts that have authorised a component, as apps like any other.

What an account is comes from its authorisations; its settings come from its document of
kind `authorized`, or else from the `authorized_defaults` and `routes` of the component
whose authorisation counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.registry.authorizers import Authorizer, in_force
from runtime.registry.ids import APPID
from runtime.registry.models import App
from runtime.state.stored_fields import known_fields

KNOWN_SECONDS = 30.0
"""Age of the list of components with which an account is looked for first."""

MOST_MADE = 20_000
"""Accounts that a process keeps made; beyond them it makes them again."""


class AuthorizedAccounts:
    """Accounts by their appids, made from several documents, once for each version."""

    def __init__(
        self,
        components: Callable[..., tuple[App, ...]],
        authorizer: Callable[[str, str], Authorizer | None],
    ) -> None:
        self._components = components
        self._authorizer = authorizer
        self._made: dict[str, tuple[tuple[object, ...], App]] = {}

    def find(self, appid: str, settings: App | None) -> App | None:
        """Return the account, None if it has authorised no component.

        `settings` is its own document, of kind `authorized`. One that has withdrawn all
        its authorisations is found all the same: its calls end with 61003.
        """
        if not re.fullmatch(APPID, appid):
            return None
        components = self._components(within=KNOWN_SECONDS)
        found = self._of(components, appid)
        if not found:
            # A component of the last seconds is not in every process' list.
            components = self._components()
            found = self._of(components, appid)
        if not found:
            return None
        parts = (settings, *components, *found)
        known, made = self._made.get(appid, ((), None))
        if made is None or not _are(known, parts):
            made = _account(settings, components, found)
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            self._made[appid] = parts, made
        return made

    def _of(self, components: tuple[App, ...], appid: str) -> tuple[Authorizer, ...]:
        asked = (self._authorizer(component.appid, appid) for component in components)
        return tuple(each for each in asked if each)


def _are(known: tuple[object, ...], parts: tuple[object, ...]) -> bool:
    return len(known) == len(parts) and all(map(lambda a, b: a is b, known, parts))


def _account(
    settings: App | None,
    components: tuple[App, ...],
    authorizers: tuple[Authorizer, ...],
) -> App:
    newest = in_force(authorizers) or max(authorizers, key=lambda a: a.authorized_at)
    component = next(each for each in components if each.appid == newest.component)
    if settings is not None:
        return replace(settings, kind=newest.kind, authorizers=authorizers)
    return App(
        appid=newest.appid,
        kind=newest.kind,
        revision=component.revision,
        authorizers=authorizers,
        routes=component.routes,
        **known_fields(Defaults, component.authorized_defaults),
    )


@dataclass(frozen=True, slots=True)
class Defaults:
    """Fields that a component may give to its accounts."""

    subject: str = "openid"
    js_domains: tuple[str, ...] = ()
    api_hosts: tuple[str, ...] = ()
    oauth_scope: str = "snsapi_userinfo"
