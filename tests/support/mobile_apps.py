"""A client with a mobile app, and WeChat's answers to the codes of its SDK."""

from __future__ import annotations

import json

from tests.support.client_sign_in import GRANTED, USER, exchanged
from tests.support.mini_programs import visit
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE, change

MOBILE = "wx" + "e" * 16
OTHER_MOBILE = "wx" + "9" * 16
SDK_CODE = "0" * 32
"""As WeChat's codes are: 32 characters, where the gateway's own have 43."""


def add_mobile_app(gateway, appid=MOBILE, **fields):
    """Register a mobile app."""
    content = {"kind": "mobile", "secret": APP_SECRET, "subject": "unionid", **fields}
    gateway.documents.write("apps", appid, content, after=0)


def with_mobile_app(gateway, wechat):
    """Give the client demo a mobile app; WeChat knows the code."""
    add_mobile_app(gateway)
    scopes = {SERVICE: ["/cgi-bin/*"], WEBSITE: [], MOBILE: []}
    change(gateway, "clients", "demo", scopes=scopes)
    wechat.script("/sns/oauth2/access_token", GRANTED)
    wechat.script("/sns/userinfo", {**USER, "headimgurl": "https://thirdwx.qlogo.cn/x"})


def exchange_sdk_code(gateway, **changes):
    """Exchange a code of the SDK in WeChat's form, as the app's server does."""
    return exchanged(gateway, **{"code": SDK_CODE, "appid": MOBILE, **changes})


def post_sdk_code(gateway, *, body=None, kind="application/json", **changed):
    """Sign in by /login/mobile, with fields changed."""
    asked = {"code": SDK_CODE, **changed}
    text = json.dumps(asked).encode() if body is None else body
    return visit(gateway, "POST", "/login/mobile", body=text, content_type=kind)
