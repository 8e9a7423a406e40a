"""QR codes of a sign-in page: WeChat's own, or one that the page itself draws."""

from __future__ import annotations

from dataclasses import dataclass

_OPEN = "https://open.weixin.qq.com"
_STATIC = "https://res.wx.qq.com"
_SCRIPT = "/connect/zh_CN/htmledition/js/wxLogin.js"


@dataclass(frozen=True, slots=True)
class PageQr:
    """A QR code of our own address, or one that a service account has made.

    It is for WeChat's scanner. `picture` is a data: URI, None where the page only links
    to `wait_url`, the page that has it; `seconds` is how long it can be scanned.
    """

    wait_url: str
    picture: str | None = None
    seconds: int = 0
    by_account: bool = False


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code of WeChat's: `page_url` for a window, `frame_url` for a frame."""

    page_url: str
    frame_url: str

    @property
    def script_url(self) -> str:
        """Return the URL of wxLogin.js, on WeChat's static host or that of a test."""
        base = self.page_url.partition("/connect/")[0]
        return (_STATIC if base == _OPEN else base) + _SCRIPT
