"""Every public endpoint, each with a valid request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from functions.console.index import handler as console
from functions.login.index import handler as login
from functions.oauth_callback.index import handler as oauth_callback
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from functions.wechat_event.index import handler as wechat_event
from tests.support.api_calls import WHO
from tests.support.scripted_wechat import CLIENT_SECRET, FORM, SERVICE, WEBSITE

CALLBACK_URI = "https://app.example.com/callback"
WORD = "AbCd0123EfGh4567"


@dataclass(frozen=True)
class Endpoint:
    """A function's address, and the fields of a good request to it."""

    handler: Callable[..., Any]
    path: str
    method: str = "GET"
    kind: str = "text/plain"
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def query(self):
        return urlencode(self.fields) if self.method == "GET" else ""

    @property
    def is_sign_out(self):
        """Tell whether it is one; where nobody is signed in, it reads no form."""
        return self.path.endswith("/logout")

    @property
    def body(self):
        return urlencode(self.fields).encode() if self.method == "POST" else b""


def page(handler, path, /, **fields):
    return Endpoint(handler, path, fields=tuple(fields.items()))


def form(handler, path, /, **fields):
    return Endpoint(handler, path, "POST", FORM, tuple(fields.items()))


_BACK = {"code": "c" * 32, "state": "0" * 32}
_SENT = {"response_type": "code", "redirect_uri": CALLBACK_URI, "state": "s"}
_PKCE = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
_ENTRY = {
    "client_id": "demo",
    "redirect_uri": CALLBACK_URI,
    "state": "s",
    "pre_auth_code": "p",
}
_OIDC = {**_SENT, **_PKCE, "client_id": "demo", "scope": "openid"}
_IN_WECHAT = {"appid": SERVICE, "scope": "snsapi_userinfo"}
_BY_QR = {"appid": WEBSITE, "scope": "snsapi_login"}
_CLIENT = {"client_id": "demo", "client_secret": CLIENT_SECRET}
_MACHINE = {**_CLIENT, "grant_type": "client_credentials", "appid": SERVICE}
_CODE = {**_CLIENT, "grant_type": "authorization_code", **_BACK}
_VERIFIED = {**_CODE, "redirect_uri": CALLBACK_URI, "code_verifier": "v" * 43}
_SNS = {"appid": SERVICE, "secret": CLIENT_SECRET, "code": "c" * 32}
_TOKEN = {"access_token": "t" * 32, "openid": "o" * 28}

_CHECK = {"signature": "0" * 40, "timestamp": "1", "nonce": "n", "echostr": "e"}

ENDPOINTS = {
    "sign-in": page(login, "/login", next="/app"),
    "root": page(login, "/"),
    "who am I": page(login, "/login/me"),
    "sign-out page": page(login, "/logout"),
    "sign-out": form(login, "/logout", _xsrf="x"),
    "qr script": page(login, "/login/qr.js"),
    "continue script": page(login, "/login/continue.js"),
    "wait script": page(login, "/login/wait.js"),
    "scan": page(login, "/login/scan/AbCd0123_-Gh4567"),
    "phone": page(login, "/login/phone", flow="0" * 32),
    "phone's answer": form(login, "/login/phone", flow="0" * 32, answer="confirm"),
    "computer": page(login, "/login/wait", flow="0" * 32),
    "digits": form(login, "/login/wait", flow="0" * 32, digits="0815"),
    "web-view": page(login, "/login/webview", code="c" * 32),
    "web-view's form": form(login, "/login/webview", code="c" * 32, _xsrf="x"),
    "code for it": Endpoint(
        login, "/login/miniprogram/webview", "POST", "application/json"
    ),
    "mini program": Endpoint(login, "/login/miniprogram", "POST", "application/json"),
    "mobile app": Endpoint(login, "/login/mobile", "POST", "application/json"),
    "health": page(login, "/login/healthz"),
    "domain proof": page(wechat_api, f"/MP_verify_{WORD}.txt"),
    "unknown path": page(wechat_api, "/wp-admin/setup.php"),
    "unknown page": page(login, "/login/setup.php"),
    "in WeChat": page(login, "/connect/oauth2/authorize", **_SENT, **_IN_WECHAT),
    "QR": page(login, "/connect/qrconnect", **_SENT, **_BY_QR),
    "component page": page(login, f"/connect/component/{SERVICE}", **_ENTRY),
    "component page at WeChat": page(login, "/safe/bindcomponent", **_ENTRY),
    "callback": page(oauth_callback, f"/oauth_callback/{WEBSITE}", **_BACK),
    "component callback": page(
        oauth_callback,
        f"/oauth_callback/{SERVICE}/authorized",
        auth_code="c" * 32,
        state="0" * 32,
    ),
    "no callback": page(oauth_callback, "/oauth_callback"),
    "discovery": page(oidc, "/.well-known/openid-configuration"),
    "keys": page(oidc, "/oidc/jwks"),
    "authorize": page(oidc, "/oidc/authorize", **_OIDC),
    "authorize by POST": form(oidc, "/oidc/authorize", **_OIDC),
    "token of a machine": form(oidc, "/oidc/token", **_MACHINE),
    "token of a person": form(oidc, "/oidc/token", **_VERIFIED),
    "introspection": form(oidc, "/oidc/introspect", **_CLIENT, token="t" * 32),
    "revocation": form(oidc, "/oidc/revoke", **_CLIENT, token="t" * 32),
    "userinfo": page(oidc, "/oidc/userinfo"),
    "userinfo by POST": form(oidc, "/oidc/userinfo", access_token="t" * 32),
    "end of session": page(oidc, "/oidc/logout", client_id="demo"),
    "end by POST": form(oidc, "/oidc/logout", client_id="demo"),
    "WeChat's token": page(wechat_api, "/cgi-bin/token", **WHO),
    "stable token": Endpoint(wechat_api, "/cgi-bin/stable_token", "POST"),
    "WeChat's code": page(wechat_api, "/sns/oauth2/access_token", **_SNS),
    "WeChat's refresh": page(wechat_api, "/sns/oauth2/refresh_token", **_SNS),
    "WeChat's userinfo": page(wechat_api, "/sns/userinfo", **_TOKEN),
    "WeChat's auth": page(wechat_api, "/sns/auth", **_TOKEN),
    "component token": Endpoint(
        wechat_api, "/cgi-bin/component/api_component_token", "POST"
    ),
    "component code": Endpoint(wechat_api, "/cgi-bin/component/api_query_auth", "POST"),
    "js_code": page(wechat_api, "/sns/jscode2session", **_SNS),
    "media link": page(wechat_api, f"/wechat_api/media/YWI.1.1800000000.{'A' * 43}"),
    "push": Endpoint(wechat_event, f"/wechat_event/{SERVICE}", "POST", "text/xml"),
    "check of pushes": page(wechat_event, f"/wechat_event/{SERVICE}", **_CHECK),
    "metrics": page(console, "/metrics"),
    "own path": page(wechat_api, f"/wechat_api/{SERVICE}/quota", path="/x"),
}
