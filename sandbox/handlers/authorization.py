"""Authorization pages of a component: a QR code on the computer, or on the phone."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import segno
from tornado.web import HTTPError

from sandbox.component.authorizations import Authorizations
from sandbox.component.consent import consent
from sandbox.component.entry_links import read_entry_link
from sandbox.component.permission_sets import NAMES
from sandbox.handlers.control import ControlHandler
from sandbox.handlers.pages import PageHandler
from sandbox.links import PageError
from sandbox.state.authorization_pages import SCANNED, WAITING, AuthorizationPage
from sandbox.world import App, World

POLL_SECONDS = 25
Choice = tuple[App, dict[int, str], tuple[int, ...] | None]


class EntryPage(PageHandler):
    """A page that a component's own page leads to."""

    on_phone = False

    def open_page(self) -> None:
        if self.on_phone and not self.in_wechat:
            self.show_client_only()
            return
        if self.in_wechat and not self.on_phone:
            raise PageError("请在电脑的浏览器中打开此页面")
        link = read_entry_link(
            self.world.apps,
            self.call.query,
            referer=self.call.header("referer"),
            on_phone=self.on_phone,
        )
        self.appid = link.component.appid
        known = self.world.of(link.component.appid, Authorizations)
        if not known.is_pre_auth_code(link.pre_auth_code, now=self.call.now):
            raise PageError("预授权码无效或已过期")
        self.opened = self.world.authorization_pages.open(
            link.component.appid,
            pre_auth_code=link.pre_auth_code,
            redirect_uri=link.redirect_uri,
            authorizers=link.authorizers,
            categories=link.categories,
        )


class ComputerPage(EntryPage):
    """The page with the QR code, which goes back when the phone has decided."""

    def get(self) -> None:
        app = self.world.apps[self.opened.component]
        self.render("authorization_qr.html", app=app, uuid=self.opened.uuid)


class PhonePage(EntryPage):
    """The page inside WeChat, which goes back by itself."""

    on_phone = True

    def get(self) -> None:
        self.opened.status = SCANNED
        show_sheet(self, self.opened, here=True)


class QrCodeHandler(PageHandler):
    """The picture, which contains the URL that the phone opens."""

    def get(self) -> None:
        uuid = self.call.argument("uuid") or ""
        if self.world.authorization_pages.find(uuid) is None:
            self.set_status(404)
            return
        payload = f"{self.origin}/_sandbox/phone/merchant?{urlencode({'uuid': uuid})}"
        picture = io.BytesIO()
        segno.make(payload, error="m").save(picture, kind="png", scale=8, border=2)
        self.set_header("Content-Type", "image/png")
        self.write(picture.getvalue())


class PollHandler(PageHandler):
    """Long poll of the page with the QR code: its state, and where to go at the end."""

    gone = False

    async def get(self) -> None:
        pages, uuid = self.world.authorization_pages, self.call.argument("uuid") or ""
        deadline = self.call.now + POLL_SECONDS
        while pages.status(uuid) == (self.call.argument("last") or WAITING):
            left = deadline - self.world.clock.now()
            if left <= 0 or self.gone:
                break
            await self.changes.wait(timedelta(seconds=left))
        self.set_header("Cache-Control", "no-store")
        self.write({"status": pages.status(uuid), "back": pages.back(uuid)})

    def on_connection_close(self) -> None:
        self.gone = True
        self.changes.notify_all()


class MerchantHandler(ControlHandler):
    """The phone in the merchant's hand: it scanned a page, and chooses what to allow.

    A form goes back to a page, JSON gets JSON.
    """

    def get(self) -> None:
        page = self._page(self.get_query_argument("uuid", ""))
        page.status = SCANNED
        show_sheet(self, page, here=False)

    async def post(self) -> None:
        content_type = self.request.headers.get("Content-Type", "")
        if not content_type.startswith("application/x-www-form-urlencoded"):
            self.answer(await self._decide(self.fields()))
            return
        authorizer = self.get_body_argument("authorizer", "")
        sets = self.get_body_arguments(f"sets-{authorizer}")
        order: dict[str, Any] = {
            "uuid": self.get_body_argument("uuid", ""),
            "authorizer": authorizer,
            "func_info": [int(one) for one in sets if one.isdecimal()],
        }
        answer = await self._decide(order)
        here = self.get_body_argument("here", "") == "true"
        self.redirect(answer["back"] if here else "/_sandbox/phone", status=303)

    async def _decide(self, fields: dict[str, Any]) -> dict[str, Any]:
        page = self._page(str(fields.get("uuid")))
        authorizer, sets = fields.get("authorizer"), fields.get("func_info")
        choice = {app.appid: known for app, known, _ in choices(self.world, page)}
        if authorizer not in choice:
            raise HTTPError(400, f"authorizer is one of {tuple(choice)}")
        allowed = choice[str(authorizer)]
        if not isinstance(sets, list) or not sets or not set(sets) <= set(allowed):
            raise HTTPError(400, f"func_info is a list of some of {tuple(allowed)}")
        event, one_code = fields.get("event", True), fields.get("one_code", True)
        if not isinstance(event, bool) or not isinstance(one_code, bool):
            raise HTTPError(400, "event and one_code are true or false")
        return await consent(
            self.world,
            page,
            str(authorizer),
            tuple(dict.fromkeys(sets)),
            event=event,
            one_code=one_code,
            deadline=self.deadline_of(fields),
        )

    def _page(self, uuid: str) -> AuthorizationPage:
        page = self.world.authorization_pages.find(uuid)
        if page is None:
            raise HTTPError(409, "this page is unknown, expired or already decided")
        return page


def show_sheet(
    handler: PageHandler | MerchantHandler, page: AuthorizationPage, *, here: bool
) -> None:
    """Show the accounts and permission sets to choose from; `here` leads back."""
    handler.render(
        "authorization_sheet.html",
        app=handler.world.apps[page.component],
        uuid=page.uuid,
        choices=choices(handler.world, page),
        here=here,
    )


def choices(world: World, page: AuthorizationPage) -> list[Choice]:
    """Return the accounts, what each may allow, and what it allows already."""
    known = world.of(page.component, Authorizations)
    found = []
    for appid in page.authorizers:
        app, wanted = world.apps[appid], page.categories
        names = NAMES[app.kind]
        offered = {one: names[one] for one in names if one in wanted or not wanted}
        if offered:
            found.append((app, offered, known.sets_of(appid)))
    return found
