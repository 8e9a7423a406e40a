"""Pages that open.weixin.qq.com shows to users."""

from __future__ import annotations

from sandbox.errmsgs import ERRMSGS
from sandbox.handlers.exchange import PlatformHandler
from sandbox.links import PageError


class PageHandler(PlatformHandler):
    """A page for a user; what goes wrong becomes a page as well."""

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        try:
            self.open_page()
        except PageError as error:
            self.show_error(error)

    def open_page(self) -> None:
        """Read what the page needs; PageError if it cannot be shown."""

    def answer_fault(self, errcode: int) -> None:
        title = ERRMSGS.get(errcode, "系统错误")
        self.show_error(PageError(title, errcode))

    def show_error(self, error: PageError) -> None:
        """Show WeChat's page for an error, which comes with status 200."""
        self.errcode = error.code
        self.render("error.html", error=error)

    def show_client_only(self) -> None:
        """Show what a browser other than WeChat's gets."""
        self.render("client_only.html")

    @property
    def in_wechat(self) -> bool:
        """Tell whether WeChat's own browser is asking."""
        return "MicroMessenger" in (self.call.header("user-agent") or "")
