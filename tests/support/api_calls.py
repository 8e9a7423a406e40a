"""Calls of the wechat_api function, with tokens as the scripted WeChat gives them."""

from __future__ import annotations

from runtime.wechat.calls import Calls
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    SERVICE,
    ask,
)

STABLE = "/cgi-bin/stable_token"
REAL = "75_real-token"
OK = {"errcode": 0, "errmsg": "ok"}
REJECTED = {"errcode": 40001, "errmsg": "invalid credential rid: 1-2-3"}
WHO = {"grant_type": "client_credential", "appid": SERVICE, "secret": CLIENT_SECRET}


def without_pauses(gateway):
    """Let the gateway repeat a read of WeChat's API at once."""
    gateway.calls = Calls(gateway.wechat, gateway.custody, sleep=lambda seconds: None)


def issue(gateway, **changed):
    """Ask for a gateway token of the client `demo`."""
    query = "&".join(f"{k}={v}" for k, v in {**WHO, **changed}.items() if v)
    return handle(ask(path="/cgi-bin/token", query=query), gateway)
