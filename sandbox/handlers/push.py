"""Control plane for pushes: makes the platform push a message."""

from __future__ import annotations

from tornado.web import HTTPError

from sandbox.handlers.control import ControlHandler
from sandbox.push import send_push
from sandbox.push_request import FORMATS, MODES


class PushHandler(ControlHandler):
    """Handler that sends a signed push to the app's callback and answers the reply."""

    async def post(self) -> None:
        fields = self.fields()
        app, message = self.app_of(fields), fields.get("message", {})
        mode = fields.get("mode", "plain")
        if not isinstance(message, dict) or mode not in MODES:
            raise HTTPError(400, f"message is an object, mode one of {MODES}")
        retries, form = fields.get("retries", False), fields.get("format", "xml")
        if not isinstance(retries, bool) or form not in FORMATS:
            raise HTTPError(400, f"retries is true or false, format one of {FORMATS}")
        if form == "json" and app.kind == "component":
            raise HTTPError(400, "a component gets XML only")
        if not app.callback_url:
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
            )
        )
