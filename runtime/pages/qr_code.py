"""WeChat's QR code: its page, its frame, and the script that makes the frame."""

from __future__ import annotations

from dataclasses import dataclass

_OPEN = "https://open.weixin.qq.com"
_STATIC = "https://res.wx.qq.com"
_SCRIPT = "/connect/zh_CN/htmledition/js/wxLogin.js"


@dataclass(frozen=True, slots=True)
class QrCode:
    """The URLs of one QR code: `page_url` for a window, `frame_url` for a frame."""

    page_url: str
    frame_url: str

    @property
    def script_url(self) -> str:
        """Return the URL of wxLogin.js, on WeChat's static host or that of a test."""
        base = self.page_url.partition("/connect/")[0]
        return (_STATIC if base == _OPEN else base) + _SCRIPT
