"""A company in WeCom: its app, its members, and browsers in which they sign in."""

from __future__ import annotations

import html
import re

from runtime.entry.dialects import ErrorInDialect, web_dialect
from runtime.errors import GatewayError
from tests.support.client_sign_in import BACK, Visit, changed
from tests.support.handles import oauth_callback
from tests.support.scripted_wechat import HTML, ScriptedWeChat, ask, change

QYAPI = "https://qyapi.weixin.qq.com"
CORP = "ww" + "1" * 16
OTHER_CORP = "ww" + "2" * 16
AGENT = "1000002"
WORKBENCH = f"{CORP}-{AGENT}"
OTHER_WORKBENCH = f"{OTHER_CORP}-{AGENT}"
SECRET = "S" * 43
MEMBER = f"{CORP}:zhangsan"

INFO = "/cgi-bin/auth/getuserinfo"
DETAIL = "/cgi-bin/auth/getuserdetail"
USER = "/cgi-bin/user/get"

AGENTS = {
    "wecom": "Mozilla/5.0 (iPhone) wxwork/4.1.20 MicroMessenger/7.0.1 Language/zh",
    "wechat": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50",
    "desktop": "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36",
    "mobile": "Mozilla/5.0 (iPhone) Mobile/15E148 Safari/604.1",
}
IN_WECOM = (("user-agent", AGENTS["wecom"]),)

WECOM = {
    "appid": CORP,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "s1",
    "agentid": AGENT,
}

PROFILE = {
    "name": "张三",
    "picture": None,
    "wechat_openid": MEMBER,
    "wechat_unionid": None,
    "wechat_appid": WORKBENCH,
    "wechat_scope": "",
    "wecom_corpid": CORP,
    "wecom_userid": "ZhangSan",
    "wecom_agentid": AGENT,
    "wecom_departments": [2, 7],
    "biz_mail": "z@corp.example.com",
    "email": "z@mail.example.com",
    "mobile": "13800000000",
    "in_client": True,
}
"""Of a member who has agreed to tell everything, as sessions and grants have it."""


class BothPlatforms:
    """A transport that asks WeChat or WeCom by the host."""

    def __init__(self, wechat, wecom):
        self.wechat, self.wecom = wechat, wecom

    def __call__(self, method, url, **more):
        platform = self.wecom if url.startswith(QYAPI) else self.wechat
        return platform(method, url, **more)


def scripted_wecom():
    """Return WeCom as it answers when all is well: its token, and one member."""
    wecom = ScriptedWeChat(QYAPI)
    wecom.script(
        "/cgi-bin/gettoken",
        {"errcode": 0, "errmsg": "ok", "access_token": "real", "expires_in": 7200},
    )
    wecom.script(INFO, {"errcode": 0, "errmsg": "ok", "userid": "ZhangSan"})
    wecom.script(
        USER, {"errcode": 0, "errmsg": "ok", "name": "张三", "department": [2]}
    )
    return wecom


def add_company(gateway, wecom, *, corpid=CORP, agentid=AGENT, **fields):
    """Enter an app of WeCom and let the client `demo` use it, and nothing else."""
    gateway.transport = BothPlatforms(gateway.transport, wecom)
    content = {"kind": "wecom", "corpid": corpid, "name": agentid, "secret": SECRET}
    appid = f"{corpid}-{agentid}"
    gateway.documents.write("apps", appid, {**content, **fields}, after=0)
    change(gateway, "clients", "demo", scopes={appid: []}, redirect_uris=[BACK])
    return appid


class MembersBrowser(Visit):
    """A browser that shows the page where a view raises an error."""

    def get(self, handle, path, query):
        try:
            return super().get(handle, path, query)
        except ErrorInDialect as raised:
            dialect, error = raised.dialect, raised.error
        except GatewayError as raised:
            dialect, error = web_dialect, raised
        asked = ask(path=path, query=query, headers=self.headers)
        return dialect(asked, error, https=True)


def visit(gateway, browser="wecom"):
    """Return a browser of this kind."""
    return MembersBrowser(gateway, headers=(*HTML, ("user-agent", AGENTS[browser])))


def way_to_wecom(response):
    """Return where the answer leads to WeCom: by a redirect, or by a link."""
    location = dict(response.headers).get("Location")
    if location is not None:
        return location
    links = re.findall(r'href="([^"]+)"', response.body.decode())
    return next((html.unescape(each) for each in links if "agentid=" in each), None)


def come_back(browser, response, *, code="wecom-code", appid=WORKBENCH, **more):
    """Go to WeCom and come back from it with a code."""
    state = re.search("state=([0-9a-f]{32})", way_to_wecom(response))[1]
    pairs = changed({"code": code, "state": state}, **more)
    query = "&".join(f"{name}={value}" for name, value in pairs.items())
    return browser.get(oauth_callback, f"/{appid}", query)
