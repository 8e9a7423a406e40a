"""Which browser asks; it decides what is shown, never what is allowed."""

from __future__ import annotations

import re
from enum import Enum

from runtime.messages import Request

_MOBILE = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS", re.ASCII)


class Browser(Enum):
    """The kinds that sign in differently."""

    WECHAT = "wechat"
    MOBILE = "mobile"
    DESKTOP = "desktop"


def browser_of(request: Request) -> Browser:
    """Return the kind of browser by its User-Agent, of which 1 kB is read.

    WeCom calls itself MicroMessenger too, but cannot open WeChat's consent sheet, and
    neither can a mini program's web-view.
    """
    agent = (request.header("user-agent") or "")[:1024]
    foreign = "wxwork" in agent or "miniProgram" in agent
    if "MicroMessenger" in agent and not foreign:
        return Browser.WECHAT
    return Browser.MOBILE if _MOBILE.search(agent) else Browser.DESKTOP
