"""Sign-in by QR code on a website: the page, its picture, and the poll."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import segno

from sandbox.handlers.pages import PageHandler
from sandbox.links import PageError, read_qrconnect_link
from sandbox.state.logins import (
    CONFIRMED,
    CONSUMED,
    REFUSED,
    SCANNED,
    WAITING,
    LoginConflict,
)

POLL_SECONDS = 25
LOGIN_SCRIPT = Path(__file__).parent.parent / "static" / "wxLogin.js"


class LoginScriptHandler(PageHandler):
    """The script that makes a frame with the QR code in a site's own page."""

    def get(self) -> None:
        self.set_header("Content-Type", "application/javascript")
        self.set_header("Cache-Control", "max-age=600")
        self.write(LOGIN_SCRIPT.read_bytes())


class QrConnectHandler(PageHandler):
    """The page with the QR code; every load shows a new one."""

    def open_page(self) -> None:
        self.link = read_qrconnect_link(self.world.apps, self.call.query)
        self.appid = self.link.app.appid

    def get(self) -> None:
        login = self.world.logins.open(self.link.app.appid)
        query = urlencode({"uuid": login.uuid})
        head, tail = self.link.around_code()
        stays = self.link.app.refusal == "stay"
        self.render(
            "qrconnect.html",
            app=self.link.app,
            uuid=login.uuid,
            poll_url=f"{self.origin}/connect/l/qrconnect?{query}",
            around_code=[head, tail],
            refused_url=None if stays else self.link.refused(),
            in_frame=self.call.argument("self_redirect") == "true",
            english=self.call.argument("lang") == "en",
            light=self.call.argument("style") == "white",
            lite=self.call.argument("stylelite") == "1",
        )


class QrCodeHandler(PageHandler):
    """The picture, which contains the URL that the phone opens."""

    def get(self, uuid: str) -> None:
        if self.world.logins.find(uuid) is None:
            self.set_status(404)
            return
        payload = f"{self.origin}/connect/confirm?{urlencode({'uuid': uuid})}"
        picture = io.BytesIO()
        segno.make(payload, error="m").save(picture, kind="png", scale=8, border=2)
        self.set_header("Content-Type", "image/png")
        self.write(picture.getvalue())


class ConfirmHandler(PageHandler):
    """The page that the phone opens when it scans the QR code."""

    def get(self) -> None:
        if not self.in_wechat:
            self.show_client_only()
            return
        uuid, user = self.call.argument("uuid") or "", self.world.phone.user
        try:
            login = self.world.logins.scan(uuid, user)
        except LoginConflict:
            self.show_error(PageError("二维码已失效"))
            return
        self.appid = login.appid
        app = self.world.apps[login.appid]
        self.render("confirm.html", login=login, app=app, user=user)


class PollHandler(PageHandler):
    """Long poll that ends with news about the QR code, as JS or JSON."""

    gone = False

    async def get(self) -> None:
        uuid = self.call.argument("uuid") or ""
        with self.world.logins.polled(uuid):
            status = await self._news(uuid, last=self.call.argument("last"))
        code = self.world.logins.code(uuid) if status == CONFIRMED else ""
        self.set_header("Cache-Control", "no-store")
        if self.call.argument("f") == "json":
            self.write({"wx_errcode": status, "wx_code": code})
            return
        self.set_header("Content-Type", "text/javascript")
        self.write(f"window.wx_errcode={status};window.wx_code='{code}';")

    def on_connection_close(self) -> None:
        self.gone = True
        self.changes.notify_all()

    async def _news(self, uuid: str, *, last: str | None) -> int:
        clock = self.world.clock
        deadline = self.call.now + POLL_SECONDS
        known = [WAITING, *(s for s in (SCANNED, REFUSED) if str(s) == last)]
        while (status := self._status(uuid)) in known:
            left = deadline - clock.now()
            if left <= 0 or self.gone:
                return WAITING
            await self.changes.wait(timedelta(seconds=left))
        return status

    def _status(self, uuid: str) -> int:
        logins = self.world.logins
        status = logins.status(uuid)
        if status == CONFIRMED and self.world.oauth_codes.is_used(logins.code(uuid)):
            return CONSUMED
        return status
