"""Sign-in to a corp: inside its client, and by QR code or one click on a computer."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import segno
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches

from sandbox.handlers.pages import PageHandler
from sandbox.links import PageError
from sandbox.state.logins import CONFIRMED, REFUSED, SCANNED, WAITING, LoginConflict
from sandbox.state.users import User
from sandbox.wecom.identity import PRIVATE
from sandbox.wecom.links import PRIVATE_INFO, CorpLink, read_client_link, read_web_link
from sandbox.world import World

POLL_SECONDS = 25
LABELS = {
    "gender": ("性别", "Gender"),
    "avatar": ("头像", "Picture"),
    "qr_code": ("个人二维码", "Personal QR code"),
    "mobile": ("手机", "Mobile"),
    "email": ("邮箱", "E-mail"),
    "biz_mail": ("企业邮箱", "Company e-mail"),
    "address": ("地址", "Address"),
}

ENGLISH = {
    "appid 参数错误": "The appid is wrong",
    "agentid 参数错误": "The agentid is wrong",
    "login_type 参数错误": "The login_type is wrong",
    "redirect_uri 参数为空": "The redirect_uri is empty",
    "redirect_uri 需使用应用可信域名": "The redirect_uri is not in a trusted domain",
    "response_type 参数错误": "The response_type is wrong",
    "scope 参数错误": "The scope is wrong",
    "state 参数错误": "The state is wrong",
    "二维码已失效": "The QR code is no longer valid",
    "你不在该应用的可见范围内": "You are outside the visible range of this app",
    "应用已停用": "The app is disabled",
    "缺少 agentid 参数": "The agentid is missing",
}
"""Titles of error pages in English."""


class OfCorp(PathMatches):
    """Match of a path whose `appid` is a corpid, which WeChat's page has too."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        [appid, *_] = request.query_arguments.get("appid", [b""])
        return super().match(request) if appid.startswith(b"ww") else None


class CorpPage(PageHandler):
    """A page of WeCom, in Chinese or English."""

    link: CorpLink

    @property
    def english(self) -> bool:
        """Tell whether the page is English, by `lang` or the browser's language."""
        accepted = self.call.header("accept-language") or ""
        chosen = self.call.argument("lang") or accepted
        return chosen.lower().startswith("en")

    @property
    def in_client(self) -> bool:
        """Tell whether WeCom's browser asks, or WeChat's, which has its plug-in."""
        return "wxwork" in (self.call.header("user-agent") or "") or self.in_wechat

    def show(self, name: str, **fields: Any) -> None:
        """Show a page by its template."""
        in_language = (lambda zh, en: en) if self.english else (lambda zh, en: zh)
        self.render(
            f"wecom_{name}.html", english=self.english, say=in_language, **fields
        )

    def show_error(self, error: PageError) -> None:
        self.errcode = error.code
        title = ENGLISH.get(error.title, error.title) if self.english else error.title
        self.show("message", title=title, code=error.code, note="")

    def check_visible(self, user: User) -> None:
        """Raise PageError 50002 for a member whom the app does not show itself."""
        if self.link.app is not None:
            wecom = self.world.wecom
            if not wecom.is_visible(self.link.app, user):
                raise PageError("你不在该应用的可见范围内", 50002)


class ClientPage(CorpPage):
    """Sign-in inside the client: silent, or after the member's consent."""

    def open_page(self) -> None:
        if not self.in_client:
            title = (
                "Open this link in WeCom"
                if self.english
                else "请在企业微信客户端打开链接"
            )
            self.show("message", title=title, code=None, note="wxwork")
            return
        wecom = self.world.wecom
        self.link = read_client_link(
            wecom.corps,
            wecom.apps,
            self.call.query,
            without_agentid=wecom.rules.privateinfo_without_agentid,
        )
        self.appid = self.link.appid
        self.check_visible(self.world.phone.user)

    def get(self) -> None:
        user = self.world.phone.user
        member = self.link.corp.member_of(user)
        if self.link.scope != PRIVATE_INFO or member is None:
            self._grant(())
            return
        labels = [(name, LABELS[name][self.english]) for name in PRIVATE]
        self.show("consent", link=self.link, user=user, member=member, labels=labels)

    def post(self) -> None:
        if self.get_body_argument("answer", "") == "allow":
            chosen = self.get_body_arguments("field")
            self._grant(tuple(name for name in PRIVATE if name in chosen))
            return
        title = "Cancelled" if self.english else "已取消授权"
        self.show("message", title=title, code=None, note="close")

    def _grant(self, fields: tuple[str, ...]) -> None:
        user = self.world.phone.user
        code = self.world.wecom.agree(self.link, user, fields)
        self.redirect(self.link.granted(code))


class LoginPage(CorpPage):
    """The page with the QR code, and with one click for a member at this computer."""

    def open_page(self) -> None:
        wecom = self.world.wecom
        self.link = read_web_link(wecom.corps, wecom.apps, self.call.query)
        self.appid = self.link.appid

    def get(self) -> None:
        wecom = self.world.wecom
        login = wecom.logins.open(self.link.appid)
        wecom.links[login.uuid] = self.link
        user = self.world.phone.user
        here = self.link.corp.member_of(user) is not None
        self.show(
            "login",
            link=self.link,
            uuid=login.uuid,
            user=user if here else None,
        )


class QuickHandler(CorpPage):
    """The button of one-click sign-in: the member whose client runs here agrees."""

    def post(self) -> None:
        uuid = self.get_body_argument("uuid", "")
        try:
            back = confirm(self.world, uuid, self.world.phone.user, here=True)
        except LoginConflict:
            self.show_error(PageError("二维码已失效"))
            return
        self.redirect(back, status=303)


class QrCodeHandler(CorpPage):
    """The picture, which contains the URL that the phone opens."""

    def get(self) -> None:
        uuid = self.call.argument("uuid") or ""
        if self.world.wecom.logins.find(uuid) is None:
            self.set_status(404)
            return
        payload = f"{self.origin}/wwlogin/sso/confirm?{urlencode({'uuid': uuid})}"
        picture = io.BytesIO()
        segno.make(payload, error="m").save(picture, kind="png", scale=8, border=2)
        self.set_header("Content-Type", "image/png")
        self.write(picture.getvalue())


class ConfirmPage(CorpPage):
    """The page that the phone opens when it scans the QR code."""

    def get(self) -> None:
        if not self.in_client:
            title = "Scan it with WeCom" if self.english else "请使用企业微信扫码"
            self.show("message", title=title, code=None, note="wxwork")
            return
        uuid, user = self.call.argument("uuid") or "", self.world.phone.user
        try:
            login = self.world.wecom.logins.scan(uuid, user)
            self.link = self.world.wecom.links[uuid]
            self.appid = login.appid
            self.check_visible(user)
        except LoginConflict:
            self.show_error(PageError("二维码已失效"))
        except PageError as error:
            self.show_error(error)
        else:
            self.show("confirm", link=self.link, uuid=uuid, user=user)


class PollHandler(CorpPage):
    """Long poll of the page: the QR code's state, and where to go at the end."""

    gone = False

    async def get(self) -> None:
        uuid = self.call.argument("uuid") or ""
        wecom, deadline = self.world.wecom, self.call.now + POLL_SECONDS
        last = self.call.argument("last") or str(WAITING)
        with wecom.logins.polled(uuid):
            while str(wecom.logins.status(uuid)) == last:
                left = deadline - self.world.clock.now()
                if left <= 0 or self.gone:
                    break
                await self.changes.wait(timedelta(seconds=left))
        status, back = wecom.logins.status(uuid), ""
        if status == CONFIRMED:
            back = wecom.links[uuid].granted(wecom.logins.code(uuid))
        self.set_header("Cache-Control", "no-store")
        self.write(
            {"status": _STATES.get(status, "expired"), "last": status, "back": back}
        )

    def on_connection_close(self) -> None:
        self.gone = True
        self.changes.notify_all()


def confirm(world: World, uuid: str, user: User, *, here: bool = False) -> str:
    """Let the user agree to a sign-in; return where the browser goes.

    LoginConflict if the QR code does not allow it, if the user is outside the app's
    visible range, or, for one click `here`, not a member.
    """
    wecom = world.wecom
    link = wecom.links.get(uuid)
    if link is None:
        raise LoginConflict("this QR code is unknown, expired or already confirmed")
    if here and link.corp.member_of(user) is None:
        raise LoginConflict("who is at this computer is no member of the corp")
    if link.app is not None and not wecom.is_visible(link.app, user):
        raise LoginConflict("the member is outside the app's visible range")
    wecom.logins.scan(uuid, user)
    code = wecom.agree(link, user)
    wecom.logins.confirm(uuid, user, code)
    return link.granted(code)


_STATES: Mapping[int, str] = {
    WAITING: "waiting",
    SCANNED: "scanned",
    REFUSED: "refused",
    CONFIRMED: "confirmed",
}
