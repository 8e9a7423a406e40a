"""State of the whole platform, in memory."""

from __future__ import annotations

from typing import Any, TypeVar

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.seed import join, make_user, seed_apps, seed_users
from sandbox.state.app_tokens import AppTokens
from sandbox.state.apps import App
from sandbox.state.authorization_pages import AuthorizationPages
from sandbox.state.codes import Codes
from sandbox.state.faults import Faults
from sandbox.state.journal import Journal
from sandbox.state.logins import Logins
from sandbox.state.phone import Phone
from sandbox.state.phone_codes import PhoneCodes
from sandbox.state.quota import Quota
from sandbox.state.rids import Rids
from sandbox.state.sessions import Session, Sessions
from sandbox.state.tickets import Tickets
from sandbox.state.user_tokens import UserTokens
from sandbox.state.users import Consent, User
from sandbox.wecom.state import Wecom

__all__ = ["App", "User", "World"]

WEB_CODE_LIFE = 300
WEBSITE_CODE_LIFE = 600
JS_CODE_LIFE = 300

State = TypeVar("State")


def code_owner(appid: str, component: str) -> str:
    """Return who may redeem a code: the account, or the component in its place."""
    return f"{appid} by {component}" if component else appid


class World:
    """The platform's state; `reset` goes back to the seeded one."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self.clock = clock
        self.ids = ids
        self.reset()

    def reset(self) -> None:
        """Forget everything that happened.

        The seeded apps and users come back as they were; what is issued later is
        never the same as before, so that nothing from before is valid again.
        """
        clock, ids = self.clock, self.ids
        clock.reset()
        self.started_at = clock.now()
        seeds = Ids(f"{ids.seed} at the start")
        apps = seed_apps(seeds)
        self.apps: dict[str, App] = {app.appid: app for app in apps}
        self.users: list[User] = seed_users(seeds, apps)
        self.phone = Phone(self.users[0])
        self.tokens = AppTokens(clock, ids)
        self.tickets = Tickets(clock, ids)
        self.quota = Quota(clock)
        self.oauth_codes = Codes[Consent](clock, ids, expired=42003)
        self.user_tokens = UserTokens(clock, ids)
        self.logins = Logins(clock, ids)
        self.authorization_pages = AuthorizationPages(clock, ids)
        self.js_codes = Codes[Session](clock, ids, expired=40029)
        self.sessions = Sessions(clock, ids)
        self.phone_codes = PhoneCodes(clock, ids)
        self.journal = Journal()
        self.rids = Rids(clock)
        self.faults = Faults()
        at_corps = Ids(f"{ids.seed} at the start of WeCom")
        self.wecom = Wecom(clock, ids, at_corps, self.users)
        self._states: dict[tuple[str, type], Any] = {}

    def of(self, appid: str, state: type[State]) -> State:
        """Return that app's one instance of a state class, made on first use."""
        key = (appid, state)
        if key not in self._states:
            self._states[key] = state()
        instance: State = self._states[key]
        return instance

    def user_of(self, appid: str, openid: str) -> User:
        """Return the user with that openid at the app; WeChatError 40003."""
        for user in self.users:
            if user.openid.get(appid) == openid:
                return user
        raise WeChatError(40003)

    def user_named(self, openid: str) -> User:
        """Return the user with that openid at whichever app; WeChatError 40003.

        A member of a corp may be named `corpid:userid` instead.
        """
        for user in self.users:
            if openid in user.openid.values():
                return user
        member = self.wecom.user_named(openid)
        if member is not None:
            return member
        raise WeChatError(40003)

    def add_app(self, app: App) -> None:
        """Add an app, or put it in the place of the one with its appid."""
        if app.appid not in self.apps:
            for user in self.users:
                join(self.ids, user, app)
        self.apps[app.appid] = app

    def add_user(self, nickname: str) -> User:
        """Return a new user who has an openid at every app."""
        user = make_user(self.ids, nickname, list(self.apps.values()))
        self.users.append(user)
        return user

    def agree(
        self,
        app: App,
        user: User,
        scope: str,
        *,
        snapshot: bool = False,
        component: str = "",
    ) -> str:
        """Return the code for a consent; in a snapshot, that of an invented user.

        By the link of a `component` the code is for that component.
        """
        if snapshot:
            openid = {app.appid: self.ids.openid()}
            user = User("微信用户", "", self.ids.unionid(), openid)
        consent = Consent(app.appid, user, scope, snapshot)
        of_platform = app.kind in ("website", "mobile")
        life = WEBSITE_CODE_LIFE if of_platform else WEB_CODE_LIFE
        owner = code_owner(app.appid, component)
        return self.oauth_codes.make(owner, consent, life=life)

    def unionid(self, appid: str, user: User) -> str | None:
        """Return the user's unionid if the app may know it."""
        return user.unionid if self.apps[appid].bound else None
