"""Each way in which Redis is sick, met by each route of a whole host.

A route answers soon, and what it cannot do without Redis is 503 with Retry-After: never
500, and never 502 or 504, which would put the blame on WeChat. What needs no Redis goes
on, and so does a call with a token that the process has seen.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.sign_in.authorization_request import OIDC, WECHAT
from runtime.tokens.grant import Grant
from tests.attacks.redis.sick_states import STATES
from tests.end_to_end.raw_host import APPID, CLIENT_SECRET, USERS, RawHost, get
from tests.support.local_hosts import eventually
from tests.support.rsa_keys import oidc_key, private_key

SITE_SECRET = "site_" + "4" * 32
WEBSITE, MINI_PROGRAM = "wx" + "b" * 16, "wx" + "c" * 16
BACK = "https://site.example.com/back"
DOCUMENTS = {
    ("apps", WEBSITE): {"kind": "website", "secret": "d" * 32, "subject": "openid"},
    ("apps", MINI_PROGRAM): {"kind": "miniprogram", "secret": "e" * 32},
    ("clients", "site"): {
        "name": "Site",
        "scopes": {APPID: ["/*", "token:read"], WEBSITE: [], MINI_PROGRAM: []},
        "secret_hashes": [hash_secret(SITE_SECRET)],
        "redirect_uris": [BACK],
        "pkce": "optional",
        "origins": ["https://site.example.com"],
    },
}
IN_WECHAT = ("User-Agent: iPhone MicroMessenger/8.0.50", "Accept: text/html")
SOON = 6.0
"""Seconds, on a busy machine; a quiet one needs a second or so."""


class Site:
    """A host with a warm cache, a user who is signed in, and a sign-in on its way."""

    def __init__(self, host, settings):
        self.host = host
        who = f"grant_type=client_credential&appid={APPID}&secret={SITE_SECRET}"
        answer = host.ask(get(f"/cgi-bin/token?{who}").encode())
        self.token = json.loads(body_of(answer))["access_token"]
        gateway = Gateway(settings)
        now = time.time()
        profile = {"wechat_appid": APPID, "wechat_openid": "o-1"}
        profile |= {"name": "张三", "picture": "", "wechat_unionid": "u-1"}
        session = gateway.sessions.begin("o-1", profile, now=now)
        self.cookie = pair(gateway.sessions.cookie(session, now=now)[1])
        self.code = gateway.grants.code(self.grant(profile, now))
        id_, _ = gateway.grants.redeem(gateway.grants.code(self.grant(profile, now)))
        self.user_token = gateway.grants.user_token(id_, now=now)
        wechats = replace(self.grant(profile, now), dialect=WECHAT)
        self.wechats_token = gateway.grants.user_token(
            gateway.grants.redeem(gateway.grants.code(wechats))[0], now=now
        )
        self.refresh_token = gateway.grants.refresh_token(id_, now=now)
        begun = host.ask(get("/login", *IN_WECHAT).encode()).decode()
        self.state = re.search(r"[?&]state=([0-9a-f]{32})", begun)[1]
        self.flow = pair(re.search(r"(?i)set-cookie: (flow_[^\r]+)", begun)[1])

    def grant(self, profile, now):
        return Grant(
            dialect=OIDC,
            client_id="site",
            epoch=1,
            sub="o-1",
            profile=profile,
            auth_time=int(now),
            scope=("openid", "profile", "offline_access"),
            redirect_uri=BACK,
        )

    def requests(self):
        """Return each request by its name."""
        token = f"access_token={self.host.token}"
        who = urlencode({"grant_type": "client_credential", "appid": APPID})
        site = {"client_id": "site", "client_secret": SITE_SECRET}
        code = {"grant_type": "authorization_code", "code": self.code, **site}
        refresh = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        machine = {"grant_type": "client_credentials", "appid": APPID, **site}
        sent = {"client_id": "site", "redirect_uri": BACK, "response_type": "code"}
        wechats = {**sent, "appid": "site", "scope": "snsapi_login", "state": "s"}
        session = f"Cookie: {self.cookie}"
        bearer = f"Authorization: Bearer {self.token}"
        user = f"Authorization: Bearer {self.user_token}"
        back = urlencode({"code": "c", "state": self.state})
        wrong = who + "&secret=" + "w" * 32
        js = json.dumps({"js_code": "j", "client_id": "site"})
        return {
            "sign-in page": get("/login", *IN_WECHAT),
            "sign-in page for programs": get("/login"),
            "who am I": get("/login/me", session),
            "sign-out page": get("/logout", session, "Accept: text/html"),
            "mini program": post("/login/miniprogram", js, "application/json"),
            "WeChat's sign-in": get(f"/connect/qrconnect?{urlencode(wechats)}"),
            "callback": get(
                f"/oauth_callback/{APPID}?{back}", f"Cookie: {self.flow}", *IN_WECHAT
            ),
            "discovery": get("/.well-known/openid-configuration"),
            "keys": get("/oidc/jwks"),
            "authorize": get(
                f"/oidc/authorize?{urlencode({**sent, 'scope': 'openid'})}", *IN_WECHAT
            ),
            "redeem": post("/oidc/token", urlencode({**code, "redirect_uri": BACK})),
            "refresh": post("/oidc/token", urlencode({**refresh, **site})),
            "machine": post("/oidc/token", urlencode(machine)),
            "userinfo": get("/oidc/userinfo", user),
            "gateway token": get(f"/cgi-bin/token?{who}&secret={CLIENT_SECRET}"),
            "wrong secret": get(f"/cgi-bin/token?{wrong}"),
            "proxied call": get(f"{USERS}?{token}"),
            "proxied call by Bearer": get(f"/wechat_api/{APPID}{USERS}", bearer),
            "real token": get(f"/wechat_api/{APPID}/access_token", bearer),
            "ticket": get(f"/cgi-bin/ticket/getticket?type=jsapi&{token}"),
            "quota": get(f"/wechat_api/{APPID}/quota?path={USERS}", bearer),
            "user's token": get(
                f"/sns/auth?access_token={self.wechats_token}&openid=o-1"
            ),
            "page of an origin": get(
                "/oidc/userinfo", user, "Origin: https://site.example.com"
            ),
            "quick probe": get("/healthz?quick=1"),
            "probe": get("/healthz"),
            "revoke": post(
                "/oidc/revoke", urlencode({"token": self.refresh_token, **site})
            ),
        }


def body_of(answer):
    return answer.partition(b"\r\n\r\n")[2]


def pair(line):
    return line.partition(";")[0]


def post(path, body, kind="application/x-www-form-urlencoded"):
    lines = (f"Content-Type: {kind}", f"Content-Length: {len(body)}")
    return get(path, *lines, method="POST") + body


@pytest.fixture
def site(tmp_path, own_redis):
    more = {"OIDC_KEY": oidc_key({1: private_key()}), "LOGIN_CLIENT": "site"}
    made = RawHost(
        tmp_path,
        own_redis.url,
        options=("--development=false",),
        more=DOCUMENTS,
        settings=more,
    )
    with made as host:
        host.begin()
        yield Site(host, made.settings)


WITHOUT_REDIS = {
    *("sign-out page", "discovery", "keys", "machine", "gateway token"),
    *("proxied call", "proxied call by Bearer", "real token", "quick probe"),
}
"""They need no Redis, or a token that the process has seen."""

READS = {"who am I", "userinfo", "page of an origin", "quota"}
READABLE = {"full", "read-only"}


def expected(state, name):
    """Return the status of a route in this state."""
    if name in WITHOUT_REDIS or name == "user's token":  # always 200 there, as WeChat's
        return 200
    if state in READABLE and name in READS:
        return 200
    # A full Redis still removes what it has.
    return 200 if (state, name) == ("full", "revoke") else 503


@pytest.mark.parametrize("state", STATES)
def test_each_route(site, own_redis, state):
    """While it lasts; afterwards all goes on, without a restart and without a loss."""
    cure = STATES[state](own_redis)
    for name, text in site.requests().items():
        began = time.monotonic()
        answer = site.host.ask(text.encode())
        took = time.monotonic() - began
        head, _, body = answer.partition(b"\r\n\r\n")

        assert (name, expected(state, name)) == (name, status_of(answer))
        assert took < SOON, name
        if name == "user's token":
            errcode = 0 if state in READABLE else -1
            assert errcode == json.loads(body)["errcode"]
        elif name == "probe":
            found = json.loads(body)
            assert ("away", "ok") == (found["redis"], found["config"])
        elif b" 503 " in answer[:16]:
            assert b"\r\nRetry-After: " in head, name

    cure()
    eventually(lambda: status_of(site.host.ask(get("/healthz").encode())) == 200)
    told = {
        name: status_of(site.host.ask(text.encode()))
        for name, text in site.requests().items()
        if name in ("redeem", "refresh", "who am I", "sign-in page")
    }
    refreshed = 400 if state == "full" else 200  # it was revoked meanwhile
    assert {
        "sign-in page": 303,
        "who am I": 200,
        "redeem": 200,
        "refresh": refreshed,
    } == told


def status_of(answer):
    return int(answer[9:12] or 0)
