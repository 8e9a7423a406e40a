"""Console for people at /_sandbox/: phone, journal, faults, clock, pushes, component.

Each button does what a path of the control plane does, and the page tells what came
of it. In Chinese or English, by `lang` or what the browser prefers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tornado.web import HTTPError

from sandbox.component.authorizations import Authorizations
from sandbox.component.events import (
    authorize,
    push_due_tickets,
    push_ticket,
    unauthorize,
)
from sandbox.component.permission_sets import MESSAGES
from sandbox.handlers.api import ApiHandler
from sandbox.handlers.control import ControlHandler
from sandbox.push import send_push
from sandbox.state.faults import Fault
from sandbox.state.journal import Entry
from sandbox.wecom.push import send_callback

SHOWN = 100
"""Entries of the journal on the page, the newest first."""

FAULTS: Mapping[str, Fault] = {
    "40001": Fault(errcode=40001),
    "40164": Fault(errcode=40164),
    "45009": Fault(errcode=45009),
    "-1": Fault(errcode=-1),
    "502": Fault(status=502),
    "timeout": Fault(delay_ms=30_000),
    "drop": Fault(drop=True),
}
PATHS = (
    "/cgi-bin/user/get",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/stable_token",
    "/cgi-bin/ticket/getticket",
    "/sns/oauth2/access_token",
    "/sns/userinfo",
    "/qyapi/cgi-bin/gettoken",
    "/qyapi/cgi-bin/user/get",
)
"""Paths that are offered first; any other may be typed."""

PICTURES = ("/mmopen/", "/connect/qrcode/", "/wwlogin/sso/qrcode")
"""Requests of pages for their pictures, which would hide the others."""

STEPS = (60, 600, 7200, 86400)


class DeskHandler(ControlHandler):
    """The page, and its buttons."""

    def get(self) -> None:
        self._show(None)

    async def post(self) -> None:
        acts = {
            "fault": self._fault,
            "expire": self._expire,
            "clock": self._clock,
            "push": self._push,
            "component": self._component,
            "clear": self._clear,
            "reset": self._reset,
        }
        act = acts.get(self.get_body_argument("do", ""))
        if act is None:
            raise HTTPError(400, f"do is one of {', '.join(acts)}")
        self._show(await act())

    def write_error(self, status_code: int, **options: Any) -> None:
        error = options.get("exc_info", (None, None))[1]
        message = error.log_message if isinstance(error, HTTPError) else None
        self._show({"error": message or self._reason})

    def _show(self, outcome: object) -> None:
        world = self.world
        text = json.dumps(outcome, ensure_ascii=False, indent=1)
        self.render(
            "desk.html",
            english=is_english(self),
            outcome="" if outcome is None else text,
            now=_text_of(world.clock.now()),
            apps=[app for app in world.apps.values() if app.kind != "component"],
            components=[app for app in world.apps.values() if app.kind == "component"],
            corp_apps=list(world.wecom.apps.values()),
            faults=FAULTS,
            paths=PATHS,
            steps=STEPS,
            rows=self._rows(),
        )

    def _rows(self) -> list[tuple[Entry, str, str]]:
        every = self.world.journal.entries(path=None, since=0)
        entries = [each for each in every if not each.path.startswith(PICTURES)]
        return [
            (entry, _text_of(entry.time), _query_of(entry))
            for entry in reversed(entries[-SHOWN:])
        ]

    async def _fault(self) -> object:
        path, name = self._field("path"), self._field("fault")
        fault = FAULTS.get(name)
        if fault is None or not path.startswith("/"):
            raise HTTPError(400, f"path begins with /, fault is one of {list(FAULTS)}")
        times = self._number("times", most=100)
        self.world.faults.order(path, fault, times=times)
        return {"path": path, "fault": name, "times": times}

    async def _expire(self) -> object:
        appid = self._field("appid")
        if appid in self.world.wecom.apps:
            self.world.wecom.tokens.drop(appid)
            return {"appid": appid, "tokens": "40014"}
        self.world.tokens.drop(self.app_of({"appid": appid}).appid)
        return {"appid": appid, "tokens": "40001"}

    async def _clock(self) -> object:
        self.world.clock.advance(self._number("advance", most=STEPS[-1]))
        await push_due_tickets(self.world)
        return {"now": _text_of(self.world.clock.now())}

    async def _push(self) -> object:
        appid = self._field("appid")
        message = {"MsgType": "text", "Content": self._field("content")}
        corp_app = self.world.wecom.apps.get(appid)
        app = corp_app or self.app_of({"appid": appid})
        if not app.callback_url:
            raise HTTPError(409, f"{appid} has no callback_url")
        if corp_app is not None:
            return await send_callback(self.world, corp_app, message, "safe")
        found = self.app_of({"appid": appid})
        return await send_push(self.world, found, message, "safe", retries=True)

    async def _component(self) -> object:
        world, app = self.world, self.app_of({"appid": self._field("appid")})
        action = self._field("action")
        if app.kind != "component" or not app.callback_url:
            raise HTTPError(409, f"{app.appid} is no component with a callback_url")
        if action == "ticket":
            answer = await push_ticket(world, app)
            return {"push": answer["push"]}
        account = self.app_of({"appid": self._field("authorizer")})
        if account.kind not in MESSAGES:
            raise HTTPError(400, f"authorizer is an account of {', '.join(MESSAGES)}")
        authorizations = world.of(app.appid, Authorizations)
        if action == "authorize":
            code = world.ids.pre_auth_code()
            authorizations.add_pre_auth_code(code, now=world.clock.now())
            sets = (MESSAGES[account.kind],)
            return await authorize(world, app, account.appid, sets, pre_auth_code=code)
        if authorizations.sets_of(account.appid) is None:
            raise HTTPError(409, f"{account.appid} has not authorised {app.appid}")
        return await unauthorize(world, app, account.appid)

    async def _clear(self) -> object:
        self.world.journal.clear()
        return None

    async def _reset(self) -> object:
        self.world.reset()
        return None

    def _field(self, name: str) -> str:
        return self.get_body_argument(name, "").strip()

    def _number(self, name: str, *, most: int) -> int:
        text = self._field(name)
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
            raise HTTPError(400, f"{name} is a number from 1 to {most}, not {text!r}")
        return int(text)


class HomeHandler(ApiHandler):
    """The root: a browser is led to the console, a program is answered as before."""

    def get(self) -> None:
        if "text/html" in self.request.headers.get("Accept", ""):
            self.redirect("/_sandbox/")
        else:
            self.answer()


def is_english(handler: ControlHandler) -> bool:
    """Tell whether a page for people is in English, else it is in Chinese."""
    chosen = handler.get_query_argument("lang", "")
    if chosen in ("en", "zh"):
        return chosen == "en"
    preferred = handler.request.headers.get("Accept-Language", "zh")
    return not preferred.lower().startswith("zh")


def _text_of(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc).astimezone()
    return moment.strftime("%m-%d %H:%M:%S")


def _query_of(entry: Entry) -> str:
    return "&".join(f"{name}={value}" for name, value in entry.query.items())
