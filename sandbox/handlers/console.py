"""Control plane for apps and users, with what a company's console shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tornado.web import HTTPError

from sandbox.avatar import avatar_url
from sandbox.handlers.control import ControlHandler
from sandbox.state.apps import change_app, make_app
from sandbox.wecom.control import change_memberships
from sandbox.wecom.corps import change_wecom_app
from sandbox.wecom.state import Wecom
from sandbox.world import User


class AppsHandler(ControlHandler):
    """List of the apps; POST changes the one named by appid or adds one."""

    def get(self) -> None:
        of_corps = [asdict(app) for app in self.world.wecom.apps.values()]
        self.answer([asdict(app) for app in self.world.apps.values()] + of_corps)

    def post(self) -> None:
        fields = self.fields()
        wecom = self.world.wecom
        if fields.get("kind") == "wecom" or fields.get("appid") in wecom.apps:
            self._change_wecom_app(wecom, fields)
            return
        app = self.world.apps.get(str(fields.get("appid")))
        if app is None:
            kind = str(fields.get("kind", "service"))
            app = make_app(self.world.ids, kind=kind, name="新的应用")
        try:
            changed = change_app(app, fields)
        except (TypeError, ValueError) as error:
            raise HTTPError(400, str(error)) from None
        self.world.add_app(changed)
        self.answer(asdict(changed))

    def _change_wecom_app(self, wecom: Wecom, fields: dict[str, Any]) -> None:
        try:
            app = wecom.apps.get(str(fields.get("appid"))) or wecom.add_app(fields)
            changed = change_wecom_app(app, fields)
        except (TypeError, ValueError) as error:
            raise HTTPError(400, str(error)) from None
        wecom.apps[changed.appid] = changed
        self.answer(asdict(changed))


class UsersHandler(ControlHandler):
    """List of the users; POST changes the one with that openid or adds one."""

    def get(self) -> None:
        self.answer([self._shown(user) for user in self.world.users])

    def post(self) -> None:
        fields = self.fields()
        openid = fields.get("openid")
        if openid:
            user = self.user_of(openid)
            user.nickname = str(fields.get("nickname", user.nickname))
        else:
            user = self.world.add_user(str(fields.get("nickname", "新的用户")))
        user.blocked = bool(fields.get("blocked", user.blocked))
        if "subscribed" in fields:
            self._follow(user, str(openid), bool(fields["subscribed"]))
        memberships = fields.get("userid", {})
        if not isinstance(memberships, dict):
            raise HTTPError(400, "userid is an object by corpid")
        change_memberships(self, user, memberships)
        self.answer(self._shown(user))

    def _follow(self, user: User, openid: str, follows: bool) -> None:
        """Let the user follow, or leave, the account the openid belongs to."""
        for appid, known in user.openid.items():
            if known == openid and follows:
                user.subscribed.setdefault(appid, int(self.world.clock.now()))
            elif known == openid:
                user.subscribed.pop(appid, None)

    def _shown(self, user: User) -> dict[str, Any]:
        shown = asdict(user)
        shown["headimgurl"] = avatar_url(self.origin, shown.pop("avatar"))
        return shown
