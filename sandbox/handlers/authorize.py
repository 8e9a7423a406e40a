"""Sign-in inside WeChat: /connect/oauth2/authorize and its consent sheet."""

from __future__ import annotations

from sandbox.component.authorizations import Authorizations
from sandbox.handlers.pages import PageHandler
from sandbox.links import read_authorize_link


class AuthorizeHandler(PageHandler):
    """Handler that goes back with a code: silently, or after the consent."""

    def open_page(self) -> None:
        if not self.in_wechat:
            self.show_client_only()
            return
        self.link = read_authorize_link(
            self.world.apps, self.call.query, authorized=self._authorized
        )
        self.appid = self.link.app.appid

    def get(self) -> None:
        phone = self.world.phone
        asks_for_profile = self.link.scope == "snsapi_userinfo"
        snapshot = phone.snapshot or self.link.forced_snapshot
        if not asks_for_profile or snapshot:
            self._grant(snapshot=asks_for_profile and snapshot)
            return
        self.render("consent.html", app=self.link.app, user=phone.user)

    def post(self) -> None:
        if self.get_body_argument("answer", "") == "allow":
            self._grant(snapshot=False)
        elif self.link.app.refusal == "redirect":
            self.redirect(self.link.refused())
        else:
            self.render("refused.html", app=self.link.app)

    def _authorized(self, component: str, appid: str) -> bool:
        standing = self.world.of(component, Authorizations).all()
        return appid in [one.authorizer for one in standing]

    def _grant(self, *, snapshot: bool) -> None:
        link, user = self.link, self.world.phone.user
        code = self.world.agree(
            link.app, user, link.scope, snapshot=snapshot, component=link.component
        )
        self.redirect(link.granted(code))
