"""A client that sends browsers to the gateway, and a browser that comes back."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from functions.wechat_api.index import handler as wechat_api
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import login, oauth_callback, oidc
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    FORM,
    HTML,
    IN_WECHAT,
    SERVICE,
    ask,
    basic,
    cookie,
    header,
)

BACK = "https://app.example.com/signed_in"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)
GRANTED = {
    "access_token": "user-token",
    "openid": "o-1",
    "scope": "snsapi_userinfo",
    "unionid": "u-1",
}
USER = {"openid": "o-1", "nickname": "张三", "unionid": "u-1"}
OIDC = {
    "client_id": "demo",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid profile",
    "state": "s-1",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
WECHAT = {
    "appid": "demo",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "snsapi_userinfo",
    "state": "s-1",
}


def willing(wechat):
    """Let WeChat answer as it does when all is well."""
    wechat.script("/sns/oauth2/access_token", GRANTED)
    wechat.script("/sns/userinfo", USER)


def query_of(address):
    return dict(parse_qsl(urlsplit(address).query))


class _Fields(HTMLParser):
    """The hidden fields of a page's form, decoded as a browser decodes them."""

    def __init__(self):
        super().__init__()
        self.found = {}

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "input":
            self.found[named["name"]] = named["value"]


def fields(response):
    """Return what the form of this page posts to the client."""
    parser = _Fields()
    parser.feed(response.body.decode())
    return parser.found


def changed(pairs, **changes):
    """Return the pairs with some changed, and those that become None left out."""
    return {k: v for k, v in {**pairs, **changes}.items() if v is not None}


class Visit:
    """A browser inside WeChat: it keeps its cookies and follows where it is told."""

    def __init__(self, gateway, *, headers=(*HTML, *IN_WECHAT)):
        self.gateway = gateway
        self.headers = headers
        self.cookies = {}

    def _seen(self, response):
        if any(name == "Set-Cookie" for name, _ in response.headers):
            self.cookies |= cookie(response)
        return response

    def get(self, handle, path, query):
        asked = ask(path=path, query=query, headers=self.headers, cookies=self.cookies)
        return self._seen(handle(asked, self.gateway))

    def authorize(self, pairs=OIDC, **changes):
        query = urlencode(changed(pairs, **changes))
        return self.get(oidc, "/authorize", query)

    def authorize_by_form(self, pairs=OIDC, **changes):
        """Send another site's form, with which no cookie comes, and go on from it."""
        body = urlencode(changed(pairs, **changes)).encode()
        asked = ask("POST", "/authorize", headers=self.headers, body=body)
        answer = oidc(asked, self.gateway)
        path, _, query = header(answer, "Location").partition("?")
        assert (answer.status, path) == (303, "/oidc/authorize")
        return self.get(oidc, "/authorize", query)

    def connect(self, pairs=WECHAT, *, path="/connect/oauth2/authorize", **changes):
        return self.get(login, path, urlencode(changed(pairs, **changes)))

    def agree(self, response, *, code="wechat-code", appid=SERVICE, **more):
        """Go to WeChat's consent sheet and come back from it."""
        state = query_of(header(response, "Location"))["state"]
        pairs = changed({"code": code, "state": state}, **more)
        return self.get(oauth_callback, f"/{appid}", urlencode(pairs))

    def code(self, response):
        """Return the code that the client is told."""
        location = header(self.agree(response), "Location")
        return query_of(location)["code"]


def raw_sns(gateway, path, query, *, base="/sns/"):
    """Ask one of WeChat's paths as FC does; return status, headers and JSON."""
    environ = make_environ_fc(method="GET", path=base + path, query=query)
    status, pairs, body = call_wsgi(wechat_api.with_gateway(gateway), environ)
    return status, dict(pairs), json.loads(body)


def sns(gateway, path, **pairs):
    """Return the JSON that is answered to these pairs."""
    return raw_sns(gateway, path, urlencode(pairs))[2]


def secret_of(client_id):
    """Return a client's secret."""
    return f"{client_id}_" + "1" * 32


def redeemed(gateway, code, client_id="demo"):
    """Return the token endpoint's answer to a code of OpenID Connect."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    headers = (
        ("content-type", FORM),
        ("authorization", basic(client_id, secret_of(client_id))),
    )
    asked = ask("POST", "/token", headers=headers, body=urlencode(form).encode())
    return json.loads(oidc(asked, gateway).body)


def exchanged(gateway, code, **changes):
    """Exchange a code in WeChat's dialect."""
    pairs = {
        "appid": "demo",
        "secret": CLIENT_SECRET,
        "code": code,
        "grant_type": "authorization_code",
    }
    return sns(gateway, "oauth2/access_token", **{**pairs, **changes})


def answered(visit, **changes):
    """Return what the client is told at once, without a word from WeChat."""
    response = visit.authorize(**changes)
    location = header(response, "Location")
    assert response.status == 303
    assert location.startswith(BACK + "?"), location
    return query_of(location)
