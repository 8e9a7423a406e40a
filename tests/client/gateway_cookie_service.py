"""A service behind the gateway's host name, and the gateway's cookie in a browser."""

from __future__ import annotations

import json
from time import time

from tornado.web import Application, authenticated

from client.gateway_auth import GatewayAuthHandler, cookie_settings
from runtime.web.cookies import sign_cookie
from tests.support.tornado_service import Service

OLD, NEW = "o" * 32, "n" * 32
KEYS = {1: OLD.encode(), 2: NEW.encode()}
GATEWAY = "http://127.0.0.1:8080"
NAME = "gateway_session"
DAY = 86400
APP, OTHER_APP = "wx" + "a" * 16, "wx" + "b" * 16
OLDER = {"v": 1, "sub": "张-1", "sid": "s-1", "at": 1_700_000_000, "amr": "wechat"}
SESSION = {**OLDER, "app": APP}
USER = {
    "sub": "张-1",
    "sid": "s-1",
    "auth_time": 1_700_000_000,
    "wechat_appid": APP,
}


class Page(GatewayAuthHandler):
    @authenticated
    def get(self):
        self.write(self.current_user)

    post = get


class Profile(GatewayAuthHandler):
    async def get(self):
        profile = await self.get_gateway_profile()
        self.write({"profile": profile, "sign_out": self.get_logout_url()})


def serve(gateway=GATEWAY, **settings):
    pages = [("/page", Page), ("/profile", Profile)]
    settings = {**cookie_settings(f"1:{OLD}, 2:{NEW}"), **settings}
    return Service(lambda url: Application(pages, gateway_url=gateway, **settings))


def give(browser, text=None, *, name=NAME, sent_as=None, keys=KEYS, age=0):
    """Put the cookie that the gateway makes into the browser."""
    text = json.dumps(SESSION) if text is None else text
    signed = sign_cookie(name, text, keys=keys, now=time() - age)
    browser.cookies[sent_as or name] = signed
    return signed


def status(browser, service):
    return browser.get(f"{service.url}/page").status
