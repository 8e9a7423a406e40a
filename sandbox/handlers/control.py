"""Control plane: state, clock and faults of the platform."""

from __future__ import annotations

import json
from typing import Any

from tornado.web import HTTPError

from sandbox.component.events import push_due_tickets
from sandbox.errors import WeChatError
from sandbox.handlers.exchange import SandboxHandler
from sandbox.push import DEADLINE
from sandbox.state.faults import Fault
from sandbox.world import App, User


class ControlHandler(SandboxHandler):
    """JSON in, JSON out; what is wrong is said as {"error": ...} with a 4xx."""

    def fields(self) -> dict[str, Any]:
        """Return the body's JSON object; an empty body is an empty object."""
        try:
            content = json.loads(self.request.body or b"{}")
        except ValueError:
            raise HTTPError(400, "the body is not JSON") from None
        if not isinstance(content, dict):
            raise HTTPError(400, "the body is not a JSON object")
        return content

    def answer(self, content: Any) -> None:
        """Answer JSON; lists are welcome here."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(content, ensure_ascii=False))

    def write_error(self, status_code: int, **options: Any) -> None:
        error = options.get("exc_info", (None, None))[1]
        message = error.log_message if isinstance(error, HTTPError) else None
        self.answer({"error": message or self._reason})

    def app_of(self, fields: dict[str, Any]) -> App:
        """Return the app that the body names; 404 if there is none."""
        app = self.world.apps.get(str(fields.get("appid")))
        if app is None:
            raise HTTPError(404, "no such appid")
        return app

    def deadline_of(self, fields: dict[str, Any]) -> float:
        """Return how many seconds a push may take; 400 for more than the platform's."""
        deadline = fields.get("deadline", DEADLINE)
        if type(deadline) not in (int, float) or not 0 < deadline <= DEADLINE:
            raise HTTPError(400, f"deadline is a number of seconds up to {DEADLINE}")
        return float(deadline)

    def user_of(self, openid: object) -> User:
        """Return the user with that openid at any app; without one the phone's."""
        if not openid:
            return self.world.phone.user
        try:
            return self.world.user_named(str(openid))
        except WeChatError:
            raise HTTPError(404, "no such openid") from None


class ResetHandler(ControlHandler):
    """Handler that restores the seeded state."""

    def post(self) -> None:
        self.world.reset()
        self.answer({})


class ClockHandler(ControlHandler):
    """The platform's time; it moves forward only."""

    def get(self) -> None:
        self.answer({"now": self.world.clock.now()})

    async def post(self) -> None:
        seconds = self.fields().get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise HTTPError(400, "advance is a number of seconds")
        try:
            self.world.clock.advance(seconds)
        except ValueError as error:
            raise HTTPError(400, str(error)) from None
        await push_due_tickets(self.world)
        self.get()


class ExpireHandler(ControlHandler):
    """Handler that makes the platform forget every token of an app."""

    def post(self) -> None:
        fields = self.fields()
        if fields.get("appid") in self.world.wecom.apps:
            self.world.wecom.tokens.drop(str(fields["appid"]))
        else:
            self.world.tokens.drop(self.app_of(fields).appid)
        self.answer({})


class FaultsHandler(ControlHandler):
    """Handler that lets the next calls of a path misbehave in one way."""

    def post(self) -> None:
        fields = self.fields()
        path, times = fields.pop("path", None), fields.pop("times", 1)
        if not isinstance(path, str) or not isinstance(times, int) or times < 1:
            raise HTTPError(400, "path is a text, times a number from 1 on")
        self.world.faults.order(path, self._fault(fields), times=times)
        self.answer({})

    def _fault(self, fields: dict[str, Any]) -> Fault:
        kinds: dict[str, type] = {
            "errcode": int,
            "status": int,
            "delay_ms": int,
            "drop": bool,
            "body": str,
        }
        if len(fields) != 1 or not fields.keys() <= kinds.keys():
            raise HTTPError(400, f"name exactly one of {', '.join(kinds)}")
        [(name, value)] = fields.items()
        if type(value) is not kinds[name] or value is False:
            raise HTTPError(400, f"{name} is of another type")
        return Fault(**fields)


class NothingHandler(ControlHandler):
    """A path that the control plane does not have."""

    def prepare(self) -> None:
        raise HTTPError(404, "the control plane has no such path")
