"""Calls of figure 6: the first call of a new instance of each function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode

from bench.cold_site import CLIENT, SERVICE, Site

COOKIE_ONLY, API = (0.25, 0.12), (0.65, 0.4)
"""Bar and goal, as ratios to the Flask service."""

MESSAGE = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><MsgType>text"
    "</MsgType><Content>hello</Content><MsgId>1</MsgId></xml>"
)

_PAGE = MappingProxyType(
    # As of every browser: who names a language and the right host needs no settings.
    {
        "ACCEPT": "text/html",
        "ACCEPT_LANGUAGE": "zh-CN",
        "HOST": "gateway.example.com",
    }
)
_JSON = MappingProxyType({"ACCEPT": "application/json"})


@dataclass(frozen=True, slots=True)
class FirstCall:
    """A call of a function's handler, and a text `expected` in its correct answer.

    Headers are named as in WSGI's environ, without `HTTP_`; an empty `target` is a
    timer's tick. `limits` are bar and goal, if it has any. A call that `lists` the
    documents needs the store itself; the others use the copies in Redis.
    """

    name: str
    function: str
    target: str
    expected: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    kind: str = "application/x-www-form-urlencoded"
    limits: tuple[float, ...] = ()
    lists: bool = False

    def environ(self) -> dict[str, str]:
        """Return the call as CGI variables."""
        if not self.target:
            return {}
        path, _, query = self.target.partition("?")
        return {
            "REQUEST_METHOD": "GET" if self.body is None else "POST",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(self.body or "")),
            "CONTENT_TYPE": self.kind,
            "REMOTE_ADDR": "192.0.2.1",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "FCRUNTIME",
            "SERVER_PORT": "9000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            **{f"HTTP_{name}": value for name, value in self.headers.items()},
        }


def first_calls(site: Site) -> tuple[FirstCall, ...]:
    """Return the calls of all functions, in the order of the figure's rows."""
    who = {"appid": SERVICE, "secret": site.secret}
    token = urlencode({"grant_type": "client_credential", **who})
    wrong = {"client_id": CLIENT, "client_secret": f"{CLIENT}_{'0' * 32}"}
    forged = {**_JSON, "COOKIE": site.forged_cookie()}
    return (
        FirstCall(
            "login: who am I",
            "login",
            "/login/me",
            "not_signed_in",
            headers=_JSON,
            limits=COOKIE_ONLY,
        ),
        FirstCall(
            "login: who am I, forged cookie",
            "login",
            "/login/me",
            "not_signed_in",
            headers=forged,
            limits=COOKIE_ONLY,
        ),
        FirstCall(
            "login: sign out? as JSON",
            "login",
            "/logout",
            '"signed_in":false',
            headers=_JSON,
            limits=COOKIE_ONLY,
        ),
        FirstCall("login: the page", "login", "/login", "wxLogin", headers=_PAGE),
        FirstCall(
            "oauth_callback: unknown state",
            "oauth_callback",
            f"/oauth_callback/{SERVICE}?code=c&state={'0' * 32}",
            "400 Bad Request",
            headers=_PAGE,
        ),
        FirstCall(
            "wechat_api: no token",
            "wechat_api",
            "/cgi-bin/user/info?openid=o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
            '"errcode":41001',
            limits=API,
        ),
        FirstCall(
            "wechat_api: a token",
            "wechat_api",
            f"/cgi-bin/token?{token}",
            '"access_token":',
            limits=API,
        ),
        FirstCall(
            "oidc: discovery", "oidc", "/.well-known/openid-configuration", '"issuer":'
        ),
        FirstCall("oidc: keys", "oidc", "/oidc/jwks", '"keys":'),
        FirstCall(
            "oidc: wrong secret",
            "oidc",
            "/oidc/token",
            "invalid_client",
            body=urlencode({"grant_type": "client_credentials", **wrong}),
        ),
        FirstCall(
            "admin: list of apps",
            "admin",
            "/admin/app/list",
            f'"appid":"{SERVICE}"',
            body="{}",
            kind="application/json",
            lists=True,
        ),
        FirstCall("refresh: nothing due", "refresh", "", '{"version":', lists=True),
        FirstCall(
            "wechat_event: a message",
            "wechat_event",
            f"/wechat_event/{SERVICE}?{site.signed_push()}",
            "success",
            body=MESSAGE,
            kind="text/xml",
        ),
        FirstCall("console: no token", "console", "/metrics", "invalid_token"),
        FirstCall("deliver: nothing due", "deliver", "", '{"version":'),
    )
