"""Control plane for pushes: makes the platform push a message."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

from sandbox.component.authorizations import Authorizations
from sandbox.component.permission_sets import MESSAGES
from sandbox.handlers.control import ControlHandler
from sandbox.push import send_push
from sandbox.push_request import FORMATS, MODES
from sandbox.wecom import push as callbacks
from sandbox.world import App


class PushHandler(ControlHandler):
    """Handler that sends a signed push to the app's callback and answers the reply."""

    async def post(self) -> None:
        fields = self.fields()
        if fields.get("appid") in self.world.wecom.apps:
            await self._push_of_wecom(fields)
            return
        app, message = self.app_of(fields), fields.get("message", {})
        mode = fields.get("mode", "plain")
        if not isinstance(message, dict) or mode not in MODES:
            raise HTTPError(400, f"message is an object, mode one of {MODES}")
        retries, form = fields.get("retries", False), fields.get("format", "xml")
        if not isinstance(retries, bool) or form not in FORMATS:
            raise HTTPError(400, f"retries is true or false, format one of {FORMATS}")
        if form == "json" and app.kind == "component":
            raise HTTPError(400, "a component gets XML only")
        component = self._component(app, fields.get("component"))
        if component is not None:
            self._check_component(component, mode=mode, form=form)
        elif not app.callback_url:
            raise HTTPError(409, "the app has no callback_url")
        self.answer(
            await send_push(
                self.world,
                app,
                message,
                mode,
                form=form,
                retries=retries,
                deadline=self.deadline_of(fields),
                component=component,
            )
        )

    async def _push_of_wecom(self, fields: dict[str, Any]) -> None:
        app = self.world.wecom.apps[str(fields["appid"])]
        message, mode = fields.get("message", {}), fields.get("mode", "safe")
        if not isinstance(message, dict) or mode not in callbacks.MODES:
            modes = callbacks.MODES
            raise HTTPError(400, f"message is an object, mode one of {modes}")
        retries, plus = fields.get("retries", False), fields.get("plus", False)
        receiveid = fields.get("receiveid")
        if not isinstance(retries, bool) or not isinstance(plus, bool):
            raise HTTPError(400, "retries and plus are true or false")
        if not isinstance(receiveid, str | None):
            raise HTTPError(400, "receiveid is a text")
        if not app.callback_url:
            raise HTTPError(409, "the app has no callback_url")
        self.answer(
            await callbacks.send_callback(
                self.world,
                app,
                message,
                mode,
                retries=retries,
                deadline=self.deadline_of(fields),
                receiveid=receiveid,
                plus=plus,
            )
        )

    def _component(self, app: App, appid: object) -> App | None:
        """Return the component that gets the account's messages; 409 if it may not."""
        if appid is None:
            return None
        component = self.app_of({"appid": appid})
        sets = self.world.of(component.appid, Authorizations).sets_of(app.appid)
        if sets is None or MESSAGES[app.kind] not in sets:
            raise HTTPError(409, "the account does not let it receive its messages")
        return component

    def _check_component(self, component: App, *, mode: str, form: str) -> None:
        if (mode, form) != ("safe", "xml"):
            raise HTTPError(400, "a component gets mode safe and XML only")
        if not component.message_url:
            raise HTTPError(409, "the component has no message_url")
