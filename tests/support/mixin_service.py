"""A service that signs users in by the mixin, and returns the result as JSON."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

from tornado.httpclient import AsyncHTTPClient
from tornado.web import Application, RequestHandler

from client.wechat_oauth import WeChatAuthError, WeChatOAuth2Mixin

SECRETS = {1: "o" * 32, 2: "n" * 32}


class SignIn(WeChatOAuth2Mixin, RequestHandler):
    def get(self):
        extra = {"connect_redirect": "1"} if self.get_argument("once", "") else None
        scope = self.get_query_arguments("scope") or None
        self.authorize_redirect(self.settings["back"], None, extra, scope)


class SignedIn(WeChatOAuth2Mixin, RequestHandler):
    def get_auth_http_client(self):
        return AsyncHTTPClient(defaults={"request_timeout": 1})

    async def get(self):
        try:
            self.check_state()
            code = self.get_query_argument("code", "")
            self.write(await self._user(code) if code else {"refused": True})
        except WeChatAuthError as error:
            around = [str(each) for each in (error.__context__, error.__cause__)]
            told = {"error": str(error), "errcode": error.errcode, "around": around}
            self.write(told)

    async def _user(self, code):
        access = await self.get_authenticated_user(self.settings["back"], code)
        token, openid = access["access_token"], access["openid"]
        profile = await self.wechat_request("/sns/userinfo", token, openid=openid)
        return {"access": access, "profile": profile}


class Call(WeChatOAuth2Mixin, RequestHandler):
    """Makes the calls that a test names, at once."""

    async def post(self):
        calls = [self.wechat_request(**each) for each in json.loads(self.request.body)]
        self.write({"answers": await asyncio.gather(*calls)})


def make_service(url, *, app, **addresses):
    """Return the application for an app of WeChat's, or a client of the gateway's."""
    return Application(
        [("/sign_in", SignIn), ("/signed_in", SignedIn), ("/call", Call)],
        back=f"{url}/signed_in",
        wechat_oauth={"key": app["appid"], "secret": app["secret"], **addresses},
        cookie_secret=SECRETS,
        key_version=2,
    )


def at(sandbox, kind="service"):
    """Return what makes the application for the sandbox's app of that kind."""
    app, url = sandbox.app(kind), sandbox.url
    return lambda own: make_service(own, app=app, open_url=url, api_url=url)


def start(browser, service, query=""):
    """Begin to sign in; return the address that the browser is sent to."""
    answer = browser.get(f"{service.url}/sign_in{query}")
    assert (302, "no-store") == (answer.status, answer.headers["Cache-Control"])
    return answer.headers["Location"]


def state_of(link):
    """Return an authorize link's state."""
    return dict(parse_qsl(urlsplit(link).query))["state"]


def agree(browser, link, answer="allow"):
    """Press a button of WeChat's sheet; return where the browser is sent."""
    page, _, _ = link.partition("#")
    reply = browser.http.request(
        "POST",
        page,
        body=f"answer={answer}",
        headers={
            "User-Agent": "MicroMessenger/8.0.50",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        redirect=False,
    )
    assert 302 == reply.status, reply.data
    return reply.headers["Location"]


def finish(browser, address):
    """Come back to the service; return what it tells."""
    answer = browser.get(address)
    assert 200 == answer.status, answer.data
    return answer.json()
