"""Control plane for a component: its tickets, and what accounts authorise."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

from sandbox.component.authorizations import Authorizations, Sets
from sandbox.component.events import authorize, push_ticket, unauthorize
from sandbox.component.release_check import release_check
from sandbox.handlers.control import ControlHandler
from sandbox.world import App

ACTIONS = ("ticket", "authorize", "update", "unauthorize", "rotate", "release_check")
SECONDS = 15
AUTHORIZERS = ("service", "miniprogram")


class ComponentHandler(ControlHandler):
    """Handler that pushes a ticket, or lets an account authorise, change, withdraw."""

    async def post(self) -> None:
        fields = self.fields()
        app, action = self.app_of(fields), fields.get("action")
        if app.kind != "component" or action not in ACTIONS:
            raise HTTPError(400, f"appid is a component's, action one of {ACTIONS}")
        deadline = self.deadline_of(fields)
        if action == "ticket":
            self.answer(await push_ticket(self.world, app, deadline=deadline))
            return
        if action == "release_check":
            failed = await release_check(
                self.world, app, seconds=self._seconds(fields), deadline=deadline
            )
            self.answer({"failed": failed})
            return
        authorizer = self._authorizer(fields)
        known = self._sets_before(app, authorizer)
        if action == "authorize":
            sets, code = self._sets(fields), self._pre_auth_code(app, fields)
            answer = await authorize(
                self.world, app, authorizer, sets, pre_auth_code=code, deadline=deadline
            )
        elif known is None:
            raise HTTPError(409, "the account has not authorised the component")
        elif action == "rotate":
            self.world.of(app.appid, Authorizations).rotate(authorizer)
            answer = {}
        elif action == "unauthorize":
            answer = await unauthorize(self.world, app, authorizer, deadline=deadline)
        elif set(known) == set(sets := self._sets(fields)):
            answer = {"push": None}  # the platform tells of no change
        else:
            answer = await authorize(
                self.world,
                app,
                authorizer,
                sets,
                pre_auth_code=self._pre_auth_code(app, fields),
                kind="updateauthorized",
                deadline=deadline,
            )
        self.answer(answer)

    def _seconds(self, fields: dict[str, Any]) -> float:
        """Return how long the check waits for custom messages."""
        seconds = fields.get("seconds", SECONDS)
        if type(seconds) not in (int, float) or not 0 <= seconds <= 600:
            raise HTTPError(400, "seconds is a number up to 600")
        return float(seconds)

    def _authorizer(self, fields: dict[str, Any]) -> str:
        app = self.world.apps.get(str(fields.get("authorizer")))
        if app is None or app.kind not in AUTHORIZERS:
            raise HTTPError(400, f"authorizer is the appid of one of {AUTHORIZERS}")
        return app.appid

    def _sets_before(self, app: App, authorizer: str) -> Sets | None:
        for one in self.world.of(app.appid, Authorizations).all():
            if one.authorizer == authorizer:
                return one.func_info
        return None

    def _sets(self, fields: dict[str, Any]) -> Sets:
        sets = fields.get("func_info")
        if not isinstance(sets, list) or not sets:
            raise HTTPError(400, "func_info is a list of permission sets' numbers")
        if not all(type(number) is int and number > 0 for number in sets):
            raise HTTPError(400, "func_info is a list of permission sets' numbers")
        return tuple(dict.fromkeys(sets))

    def _pre_auth_code(self, app: App, fields: dict[str, Any]) -> str:
        """Return the code of the page that was opened, by default a new one."""
        authorizations = self.world.of(app.appid, Authorizations)
        now, code = self.world.clock.now(), fields.get("pre_auth_code")
        if code is None:
            code = self.world.ids.pre_auth_code()
            authorizations.add_pre_auth_code(code, now=now)
        elif not authorizations.is_pre_auth_code(code, now=now):
            raise HTTPError(409, "the pre_auth_code is unknown or has expired")
        return str(code)
