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


# In the order in which they count: most browsers name others as well.
_PROGRAMS = (
    *(("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("QQBrowser", "QQ Browser")),
    *(("Firefox/", "Firefox"), ("OPR/", "Opera"), ("Chrome/", "Chrome")),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    *(("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone")),
    *(("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS")),
    *(("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def device_of(request: Request) -> str:
    """Return names such as `Chrome, Windows`, "" for what is unknown.

    The User-Agent can say anything, so nothing of it is returned but these names.
    """
    agent = (request.header("user-agent") or "")[:1024]
    found = (
        next((name for part, name in names if part in agent), "")
        for names in (_PROGRAMS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)


def browser_of(request: Request) -> Browser:
    """Return the kind of browser by the first 1024 characters of its User-Agent."""
    agent = (request.header("user-agent") or "")[:1024]
    for name, browser in _NAMED:
        if name in agent:
            return browser
    return Browser.MOBILE if _MOBILE.search(agent) else Browser.DESKTOP
