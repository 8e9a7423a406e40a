"""Kinds of browsers; the kind decides what a page shows, never what is allowed."""

from __future__ import annotations

import re
from enum import Enum

from runtime.web.messages import Request

_MOBILE = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS", re.ASCII)


class Browser(Enum):
    """A kind of browser that signs users in in its own way."""

    WECHAT = "wechat"
    MINI_PROGRAM = "mini_program"
    WECOM = "wecom"
    MOBILE = "mobile"
    DESKTOP = "desktop"


# WeCom and the web-view of a mini program name MicroMessenger as well, but neither can
# open WeChat's consent page.
_NAMED = (
    ("wxwork", Browser.WECOM),
    ("miniProgram", Browser.MINI_PROGRAM),
    ("MicroMessenger", Browser.WECHAT),
)


def browser_of(request: Request) -> Browser:
    """Return the kind of browser by the first 1024 characters of its User-Agent."""
    agent = (request.header("user-agent") or "")[:1024]
    for name, browser in _NAMED:
        if name in agent:
            return browser
    return Browser.MOBILE if _MOBILE.search(agent) else Browser.DESKTOP
