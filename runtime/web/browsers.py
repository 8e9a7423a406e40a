"""Which browser asks; it decides what is shown, never what is allowed."""

from __future__ import annotations

import re
from enum import Enum

from runtime.web.messages import Request

_MOBILE = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS", re.ASCII)


class Browser(Enum):
    """The kinds that sign in differently."""

    WECHAT = "wechat"
    MINI_PROGRAM = "mini_program"
    WECOM = "wecom"
    MOBILE = "mobile"
    DESKTOP = "desktop"


# WeCom and a mini program's web-view call themselves MicroMessenger too, but neither
# can open WeChat's consent sheet.
_NAMED = (
    ("wxwork", Browser.WECOM),
    ("miniProgram", Browser.MINI_PROGRAM),
    ("MicroMessenger", Browser.WECHAT),
)


def browser_of(request: Request) -> Browser:
    """Return the kind of browser by its User-Agent, of which 1 kB is read."""
    agent = (request.header("user-agent") or "")[:1024]
    for name, browser in _NAMED:
        if name in agent:
            return browser
    return Browser.MOBILE if _MOBILE.search(agent) else Browser.DESKTOP
