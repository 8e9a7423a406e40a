"""Kinds of browsers by their User-Agent, which may be any text."""

from __future__ import annotations

import pytest

from runtime.web.browsers import Browser, browser_of
from runtime.web.messages import Request

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/128.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/128.0 Safari/537.36"
WECHAT = " MicroMessenger/8.0.50(0x1800322f) NetType/WIFI Language/zh_CN"

AGENTS = {
    WINDOWS: Browser.DESKTOP,
    "": Browser.DESKTOP,
    "curl/8.5.0": Browser.DESKTOP,
    IPHONE: Browser.MOBILE,
    ANDROID: Browser.MOBILE,
    "Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1 Mobile": Browser.MOBILE,
    "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X)": Browser.MOBILE,
    IPHONE + WECHAT: Browser.WECHAT,
    ANDROID + WECHAT: Browser.WECHAT,
    WINDOWS + WECHAT + " WindowsWechat": Browser.WECHAT,
    # WeCom, and a mini program's web-view: both say MicroMessenger too.
    IPHONE + " wxwork/4.1.20" + WECHAT: Browser.WECOM,
    WINDOWS + " wxwork/4.1.20" + WECHAT: Browser.WECOM,
    IPHONE + WECHAT + " miniProgram/wx0123456789abcdef": Browser.MINI_PROGRAM,
    WINDOWS + WECHAT + " miniProgram": Browser.MINI_PROGRAM,
    IPHONE + " wxwork/4.1.20" + WECHAT + " miniProgram": Browser.WECOM,
    # More than anybody sends.
    "x" * 8192 + WECHAT: Browser.DESKTOP,
    "x" * 1024 + WECHAT: Browser.DESKTOP,
    "é\x00😀": Browser.DESKTOP,
}


@pytest.mark.case(61)
@pytest.mark.parametrize(("agent", "expected"), AGENTS.items())
def test_kinds(agent, expected):
    """Each kind of browser is the one that its sign-in needs."""
    request = Request("GET", "/", headers=(("user-agent", agent),))

    assert expected is browser_of(request)


def test_without_a_user_agent():
    """Who says nothing is treated as a desktop."""
    assert Browser.DESKTOP is browser_of(Request("GET", "/"))
