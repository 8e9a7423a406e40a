"""A flow that has been started, and a browser that comes back from WeChat."""

from __future__ import annotations

from urllib.parse import urlencode

from runtime.sign_in.flows import Flow
from tests.support.handles import oauth_callback as handle
from tests.support.scripted_wechat import SERVICE, WEBSITE, ask, cookie

TOKEN = "/sns/oauth2/access_token"
USERINFO = "/sns/userinfo"


class StartedFlow:
    """A flow that has been started, and its browser."""

    def __init__(self, gateway, **fields):
        defaults = {"next": "/orders", "appids": (SERVICE, WEBSITE)}
        started = gateway.flows.start(Flow(**{**defaults, **fields}))
        self.gateway = gateway
        self.state = started.state
        name, _, value = started.cookie[1].partition("=")
        self.cookies = {name: value.split(";")[0]}

    def back(self, *, code="code-1", appid=SERVICE, cookies=None, **more):
        pairs = {"code": code, "state": self.state, **more}
        query = urlencode({name: value for name, value in pairs.items() if value})
        cookies = self.cookies if cookies is None else cookies
        return handle(ask(path=f"/{appid}", query=query, cookies=cookies), self.gateway)


def profile_of(gateway, response):
    session = gateway.sessions.of(ask(cookies=cookie(response)), now=gateway.clock())
    return session.sub, gateway.sessions.profile(session)
