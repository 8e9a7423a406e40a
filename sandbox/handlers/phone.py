"""Control plane for the phone, by which one acts as the WeChat user."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tornado.web import HTTPError

from sandbox.handlers.control import ControlHandler
from sandbox.scan import chat_of, codes_to_scan, scan_code
from sandbox.state.logins import Login, LoginConflict, Logins
from sandbox.wecom.pages import confirm
from sandbox.world import User


class PhoneHandler(ControlHandler):
    """The phone's screen: who holds it, and the QR codes it can see."""

    def get(self) -> None:
        world = self.world
        self.render(
            "phone.html",
            phone=world.phone,
            users=world.users,
            logins=world.logins.pending(),
            corp_logins=world.wecom.logins.pending(),
            wecom=world.wecom,
            authorizations=world.authorization_pages.pending(),
            apps=world.apps,
            codes=codes_to_scan(world),
            chat=chat_of(world, world.phone.user),
            t=lambda chinese, english: english if self._is_english() else chinese,
        )

    def _is_english(self) -> bool:
        return self.get_query_argument("lang", "zh") == "en"


class PhoneAction(ControlHandler):
    """A button of the phone: a form goes back to its screen, JSON gets JSON."""

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Do what the button says; LoginConflict if the QR code does not allow it."""
        raise NotImplementedError

    async def post(self) -> None:
        if self._is_form():
            names = self.request.body_arguments
            # The screen shows by itself that a QR code is gone.
            with suppress(LoginConflict):
                await self.act({name: self.get_body_argument(name) for name in names})
            english = self.get_query_argument("lang", "zh") == "en"
            language = "?lang=en" if english else ""
            self.redirect(f"/_sandbox/phone{language}", status=303)
            return
        try:
            self.answer(await self.act(self.fields()))
        except LoginConflict as error:
            raise HTTPError(409, str(error)) from None

    def holder(self, fields: dict[str, Any]) -> User:
        """Return who acts: the one named, else who scanned, else the phone's user."""
        uuid = str(fields.get("uuid"))
        login = self.logins(uuid).find(uuid)
        if not fields.get("openid") and login is not None and login.user is not None:
            return login.user
        return self.user_of(fields.get("openid"))

    def logins(self, uuid: str) -> Logins:
        """Return the sign-ins that this one belongs to: WeCom's or WeChat's."""
        wecom = self.world.wecom
        return wecom.logins if uuid in wecom.links else self.world.logins

    def _is_form(self) -> bool:
        content_type = self.request.headers.get("Content-Type", "")
        return content_type.startswith("application/x-www-form-urlencoded")


class ScanHandler(PhoneAction):
    """Handler by which the user points the camera at a QR code.

    It is a login page's by its `uuid`, an account's by the `url` in the picture.
    """

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "url" in fields:
            user, url = self.user_of(fields.get("openid")), str(fields["url"])
            mode = str(fields.get("mode", "safe"))
            return await scan_code(self.world, user, url, mode=mode)
        uuid, user = str(fields.get("uuid")), self.holder(fields)
        return _shown(self.logins(uuid).scan(uuid, user))


class ConfirmHandler(PhoneAction):
    """Handler by which the user agrees to the sign-in."""

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        uuid, user = str(fields.get("uuid")), self.holder(fields)
        if uuid in self.world.wecom.links:
            return {"uuid": uuid, "back": confirm(self.world, uuid, user)}
        login = self.world.logins.scan(uuid, user)
        app = self.world.apps[login.appid]
        code = self.world.agree(app, user, "snsapi_login")
        return _shown(self.world.logins.confirm(uuid, user, code))


class RefuseHandler(PhoneAction):
    """Handler by which the user refuses the sign-in."""

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        uuid, user = str(fields.get("uuid")), self.holder(fields)
        return _shown(self.logins(uuid).refuse(uuid, user))


class HolderHandler(PhoneAction):
    """Handler that gives the phone to another user."""

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        user = self.user_of(fields.get("openid"))
        self.world.phone.user = user
        return {"nickname": user.nickname}


class SnapshotHandler(PhoneAction):
    """Handler that lets the phone open pages as a snapshot, or no longer."""

    async def act(self, fields: dict[str, Any]) -> dict[str, Any]:
        self.world.phone.snapshot = fields.get("on") in (True, "true")
        return {"on": self.world.phone.snapshot}


def _shown(login: Login) -> dict[str, Any]:
    return {"uuid": login.uuid, "appid": login.appid, "wx_errcode": login.status}
