"""Every flow that signs somebody in, walked by a browser and a client."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from functions.login.index import handler as login
from functions.oauth_callback.index import handler as oauth_callback
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from tests.support.client_sign_in import (
    BACK,
    OIDC,
    VERIFIER,
    WECHAT,
    changed,
    query_of,
    willing,
)
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    NOW,
    SERVICE,
    WEBSITE,
    ScriptedWeChat,
    ask,
    basic,
)
from tests.support.wechat_vectors import APPID, SESSION_KEY, USER

GONE = "https://app.example.com/gone"
WRONG = "demo_" + "0" * 32
BROWSER = [("accept", "text/html"), ("user-agent", "iPhone MicroMessenger/8.0.50")]


class Walk:
    """A browser and a client at a gateway whose Redis is behind a proxy.

    `told` collects what they see: of each answer the status and the error.
    """

    def __init__(self, gateway):
        self.gateway = gateway
        self.cookies = {}
        self.told = []

    def ask(self, handler, path, query=None, *, method="GET", form=None, headers=()):
        headers = [*BROWSER, *headers] if form is None else [*headers]
        if self.cookies:
            line = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers.append(("cookie", line))
        body = b"" if form is None else urlencode(form).encode()
        return self.send(handler, path, query, method, [*headers], body, FORM)

    def post_json(self, handler, path, content):
        body = json.dumps(content).encode()
        return self.send(handler, path, None, "POST", [], body, "application/json")

    def send(self, handler, path, query, method, headers, body, kind):
        environ = make_environ_fc(
            method=method,
            path=path,
            query=urlencode(query) if isinstance(query, dict) else query,
            headers=[("content-type", kind), *headers],
            body=body,
        )
        status, pairs, answer = call_wsgi(handler.with_gateway(self.gateway), environ)
        self.keep_cookies(pairs)
        content = {}
        if answer.startswith(b"{"):
            content = json.loads(answer)
        said = content.get("error") or content.get("errcode")
        self.told.append((path, status, said))
        return dict(pairs).get("Location"), content

    def keep_cookies(self, pairs):
        for name, value in pairs:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]

    def come_back(self, location):
        """Return from WeChat's page, to which the browser was sent."""
        state = query_of(location)["state"]
        query = {"code": "wechat-code", "state": state}
        return self.ask(oauth_callback, f"/oauth_callback/{SERVICE}", query)[0]

    def see(self, **facts):
        self.told.append(facts)


def by_cookie(walk):
    """Sign in on the gateway's host, come twice from WeChat, and sign out."""
    location, _ = walk.ask(login, "/login")
    walk.see(next=walk.come_back(location))
    walk.see(next=walk.come_back(location))
    me = [("accept", "application/json")]
    _, content = walk.ask(login, "/login/me", headers=me)
    walk.see(sub=content.get("sub"))
    walk.ask(login, "/logout", headers=me)
    token = walk.gateway.form_signer.sign(session_id(walk), now=NOW)
    walk.ask(login, "/logout", method="POST", form={"_xsrf": token})
    walk.ask(login, "/login/me", headers=me)


def session_id(walk):
    session = walk.gateway.sessions.of(ask(cookies=walk.cookies), now=NOW)
    return session.sid.encode()


def by_broker(walk):
    """Sign in at a client by WeChat's protocol."""
    location, _ = walk.ask(login, "/connect/oauth2/authorize", WECHAT)
    code = query_of(walk.come_back(location)).get("code")
    query = {"appid": "demo", "secret": CLIENT_SECRET, "code": code}
    query["grant_type"] = "authorization_code"
    _, made = walk.ask(wechat_api, "/sns/oauth2/access_token", query)
    who = {"access_token": made.get("access_token"), "openid": made.get("openid")}
    _, profile = walk.ask(wechat_api, "/sns/userinfo", who)
    walk.see(name=profile.get("nickname"))
    again = {"appid": "demo", "refresh_token": made.get("refresh_token")}
    again["grant_type"] = "refresh_token"
    _, made = walk.ask(wechat_api, "/sns/oauth2/refresh_token", again)
    walk.ask(wechat_api, "/sns/auth", {**who, "access_token": made["access_token"]})
    walk.ask(wechat_api, "/sns/oauth2/access_token", query)


def by_openid_connect(walk):
    """Code, userinfo, refresh, an immediate second code, revocation and sign-out."""
    location, _ = walk.ask(oidc, "/oidc/authorize", OFFLINE)
    first = redeem(walk, query_of(walk.come_back(location)).get("code"))
    userinfo(walk, first)
    second = refresh(walk, first)
    third = refresh(walk, second)
    userinfo(walk, third)
    location, _ = walk.ask(oidc, "/oidc/authorize", {**OFFLINE, "prompt": "none"})
    other = redeem(walk, query_of(location).get("code"))
    post(walk, "/oidc/revoke", {"token": third.get("refresh_token")})
    userinfo(walk, third)
    userinfo(walk, other)
    refresh(walk, third)
    query = {"id_token_hint": other.get("id_token"), "post_logout_redirect_uri": GONE}
    walk.see(gone=walk.ask(oidc, "/oidc/logout", query)[0])
    walk.ask(oidc, "/oidc/authorize", {**OFFLINE, "prompt": "none"})


def by_mini_program(walk):
    """Sign in by js_code, at the gateway and at a client; the session_key is kept."""
    asked = {"js_code": "0a1b", "client_id": "demo"}
    _, content = walk.post_json(login, "/login/miniprogram", asked)
    bearer = [("authorization", f"Bearer {content.get('session_token')}")]
    _, me = walk.ask(login, "/login/me", headers=bearer)
    walk.see(sub=me.get("sub"))
    query = {"appid": APPID, "secret": CLIENT_SECRET, "js_code": "0a1b"}
    query["grant_type"] = "authorization_code"
    walk.ask(wechat_api, "/sns/jscode2session", query)
    client = walk.gateway.registry.client("demo")
    found = walk.gateway.session_keys.find(client, APPID, USER["openId"])
    walk.see(kept=found == SESSION_KEY)


def at_the_limits(walk):
    """Three starts and three wrong secrets are allowed; the fourth is refused."""
    for _ in range(4):
        walk.ask(login, "/login")
    for _ in range(61):
        form = {"grant_type": "client_credentials", "appid": SERVICE}
        post(walk, "/oidc/token", form, secret=WRONG)
    post(walk, "/oidc/token", {"grant_type": "client_credentials", "appid": SERVICE})


OFFLINE = {**OIDC, "scope": "openid profile offline_access"}
FLOWS = {
    "cookie": by_cookie,
    "broker": by_broker,
    "OpenID Connect": by_openid_connect,
    "mini program": by_mini_program,
    "limits": at_the_limits,
}


def post(walk, path, form, *, secret=CLIENT_SECRET):
    who = [("authorization", basic(secret=secret))]
    form = changed(form)
    return walk.ask(oidc, path, method="POST", form=form, headers=who)[1]


def redeem(walk, code):
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return post(walk, "/oidc/token", {"grant_type": "authorization_code", **form})


def refresh(walk, made):
    form = {"refresh_token": made.get("refresh_token")}
    return post(walk, "/oidc/token", {"grant_type": "refresh_token", **form})


def userinfo(walk, made):
    bearer = [("authorization", f"Bearer {made.get('access_token')}")]
    walk.see(sub=walk.ask(oidc, "/oidc/userinfo", headers=bearer)[1].get("sub"))


def write_documents(gateway):
    kinds = {SERVICE: "service", WEBSITE: "website", APPID: "miniprogram"}
    for appid, kind in kinds.items():
        content = {"kind": kind, "secret": APP_SECRET}
        content |= {} if kind == "miniprogram" else {"subject": "unionid"}
        gateway.documents.write("apps", appid, content, after=0)
    client = {
        "name": "Demo",
        "scopes": {SERVICE: ["/cgi-bin/*"], WEBSITE: [], APPID: ["/decrypt"]},
        "secret_hashes": [hash_secret(CLIENT_SECRET)],
        "origins": ["https://app.example.com"],
        "redirect_uris": [BACK],
        "post_logout_redirect_uris": [GONE],
    }
    gateway.documents.write("clients", "demo", client, after=0)


def walk_through(flow, settings, client):
    """Walk a flow; return what browser and client saw, and what WeChat was asked."""
    wechat = ScriptedWeChat()
    willing(wechat)
    known = {"session_key": SESSION_KEY, "openid": USER["openId"]}
    wechat.script("/sns/jscode2session", known)
    gateway = Gateway(
        settings, clock=lambda: NOW, transport=wechat, client=lambda: client
    )
    walk = Walk(gateway)
    flow(walk)
    return walk.told, [each.path for each in wechat.seen]
