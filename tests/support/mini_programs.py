"""A client with a mini program, and WeChat's answers to its js_codes."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from functions.login.index import handler as login
from functions.wechat_api.index import handler as wechat_api
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, SERVICE, change
from tests.support.wechat_vectors import APPID, SESSION_KEY, USER

JSCODE2SESSION = "/sns/jscode2session"
OTHER_APPID = "wx" + "d" * 16
OPENID, UNIONID = USER["openId"], USER["unionId"]
KNOWN = {"session_key": SESSION_KEY, "openid": OPENID, "unionid": UNIONID}
SALT = "0f" * 16
ASKED = {
    "appid": APPID,
    "secret": CLIENT_SECRET,
    "js_code": "0a1b",
    "grant_type": "authorization_code",
}


def add_app(gateway, appid=APPID, **fields):
    """Write the document of a mini program."""
    content = {"kind": "miniprogram", "secret": APP_SECRET, **fields}
    gateway.documents.write("apps", appid, content, after=0)


def with_mini_program(gateway, **fields):
    """Give the client demo a mini program beside its service account."""
    add_app(gateway)
    scopes = {SERVICE: ["/*"], APPID: ["/decrypt"]}
    change(gateway, "clients", "demo", **{"scopes": scopes, **fields})


def open_for_business(gateway, wechat):
    """Register the mini program, and let WeChat know the js_code."""
    with_mini_program(gateway)
    wechat.script(JSCODE2SESSION, KNOWN)


def make_pairwise(gateway):
    """Give the client demo names of its own."""
    change(gateway, "clients", "demo", subject_type="pairwise", pairwise_salt=SALT)


def exchange_js_code(
    gateway, *, mount="", method="GET", body=b"", query=None, **changed
):
    """Ask jscode2session as FC does; return status, headers and JSON."""
    asked = {k: v for k, v in {**ASKED, **changed}.items() if v is not None}
    environ = make_environ_fc(
        method=method,
        path=f"{mount}{JSCODE2SESSION}",
        query=urlencode(asked) if query is None else query,
        body=body,
    )
    return _told(call_wsgi(wechat_api.with_gateway(gateway), environ))


def visit(gateway, method, path, *, body=b"", **headers):
    """Call the login function as FC does; return status, headers and JSON."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    environ = make_environ_fc(method=method, path=path, headers=pairs, body=body)
    return _told(call_wsgi(login.with_gateway(gateway), environ))


def post_js_code(gateway, *, body=None, kind="application/json", **changed):
    """Sign in by /login/miniprogram, with fields changed."""
    asked = {"js_code": "0a1b", **changed}
    text = json.dumps(asked).encode() if body is None else body
    return visit(gateway, "POST", "/login/miniprogram", body=text, content_type=kind)


def _told(answered):
    status, pairs, body = answered
    return status, dict(pairs), json.loads(body)
