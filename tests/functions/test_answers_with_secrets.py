"""Answers with secrets: no cache stores them, and none holds a key of the gateway."""

from __future__ import annotations

import base64
import dataclasses
import json
from urllib.parse import urlencode

import pytest

from functions.login.index import handler as login
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from runtime.gateway import Gateway
from tests.support.api_calls import REAL, STABLE, WHO
from tests.support.client_sign_in import BACK, OIDC, VERIFIER, Visit, willing
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.public_endpoints import CALLBACK_URI, ENDPOINTS, WORD
from tests.support.rsa_keys import loaded, private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    HTML,
    SERVICE,
    WEBSITE,
    basic,
    change,
)

MINI = "wx" + "c" * 16
SALT = "5a" * 16
MASTER_KEY = base64.b64encode(b"m" * 32).decode()
JSON = (("accept", "application/json"),)
SIGNING = ("cookie_secrets", "token_secrets")


@pytest.fixture
def full_gateway(settings, gateway, wechat, clock):
    """A gateway with a key, all kinds of apps, and WeChat willing."""
    willing(wechat)
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    wechat.script("/cgi-bin/ticket/getticket", {"ticket": "t-1", "expires_in": 7200})
    wechat.script("/sns/jscode2session", {"openid": "o-1", "session_key": "k" * 24})
    keys = {name: {1: f"of {name}, 32 characters".encode()} for name in SIGNING}
    keys["oidc_key"] = {1: private_key()}
    settings = dataclasses.replace(settings, **keys)
    made = Gateway(settings, clock=clock, transport=wechat)
    app = {"kind": "miniprogram", "secret": APP_SECRET}
    made.documents.write("apps", MINI, app, after=0)
    scopes = {SERVICE: ["/*", "token:read"], WEBSITE: [], MINI: []}
    fields = {"redirect_uris": [BACK, CALLBACK_URI], "pairwise_salt": SALT}
    change(made, "clients", "demo", scopes=scopes, session_key=True, **fields)
    change(made, "apps", SERVICE, js_domains=["app.example.com"])
    change(made, "apps", WEBSITE, mp_verify=[WORD])
    return made


def call(gateway, handler, path, *, body=None, kind=FORM, headers=(), **query):
    method = "GET" if body is None else "POST"
    headers = [("content-type", kind), *headers]
    sent = b"" if body is None else body
    sent = urlencode(sent).encode() if isinstance(sent, dict) else sent
    return call_wsgi(
        handler.with_gateway(gateway),
        make_environ_fc(
            method=method,
            path=path,
            query=urlencode(query),
            headers=headers,
            body=sent,
        ),
    )


def by_openid_connect(visit):
    """Yield the answers of the whole of it, the code's redirect first."""
    form = {"client_id": "demo", "client_secret": CLIENT_SECRET}
    begun = visit.authorize(OIDC, scope="openid profile offline_access")
    code = {"code": visit.code(begun), "redirect_uri": BACK, "code_verifier": VERIFIER}
    answer = call(
        visit.gateway,
        oidc,
        "/oidc/token",
        body={**form, **code, "grant_type": "authorization_code"},
    )
    yield answer
    tokens = json.loads(answer[2])
    bearer = [("authorization", f"Bearer {tokens['access_token']}")]
    yield call(visit.gateway, oidc, "/oidc/userinfo", headers=bearer)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    yield call(visit.gateway, oidc, "/oidc/token", body={**form, **again})
    machine = {"grant_type": "client_credentials", "appid": SERVICE}
    yield call(visit.gateway, oidc, "/oidc/token", body={**form, **machine})


def in_wechats_shape(visit):
    """Yield what /sns and /cgi-bin hand out."""
    code = visit.code(visit.connect())
    who = {"appid": "demo", "secret": CLIENT_SECRET, "grant_type": "authorization_code"}
    answer = call(
        visit.gateway, wechat_api, "/sns/oauth2/access_token", **who, code=code
    )
    yield answer
    tokens = json.loads(answer[2])
    held = {name: tokens[name] for name in ("access_token", "openid")}
    yield call(visit.gateway, wechat_api, "/sns/userinfo", **held)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    yield call(
        visit.gateway, wechat_api, "/sns/oauth2/refresh_token", appid="demo", **refresh
    )
    yield call(
        visit.gateway,
        wechat_api,
        "/sns/jscode2session",
        **{**who, "appid": MINI},
        js_code="j",
    )
    answer = call(visit.gateway, wechat_api, "/cgi-bin/token", **WHO)
    yield answer
    body = json.dumps({**WHO, "grant_type": "client_credential"}).encode()
    yield call(
        visit.gateway,
        wechat_api,
        "/cgi-bin/stable_token",
        body=body,
        kind="application/json",
    )
    token = {"access_token": json.loads(answer[2])["access_token"], "type": "jsapi"}
    yield call(visit.gateway, wechat_api, "/cgi-bin/ticket/getticket", **token)


def on_own_paths(visit):
    """Yield the real token, a signature, a session and the proof of its form."""
    who = [("authorization", basic())]
    own = f"/wechat_api/{SERVICE}"
    yield call(visit.gateway, wechat_api, f"{own}/access_token", headers=who)
    page = {"url": "https://app.example.com/"}
    yield call(visit.gateway, wechat_api, f"{own}/jssdk_config", headers=who, **page)
    sent = json.dumps({"js_code": "j", "client_id": "demo"}).encode()
    answer = call(
        visit.gateway, login, "/login/miniprogram", body=sent, kind="application/json"
    )
    yield answer
    bearer = ("authorization", f"Bearer {json.loads(answer[2])['session_token']}")
    yield call(visit.gateway, login, "/login/me", headers=[bearer])
    yield call(visit.gateway, login, "/logout", headers=[bearer, *JSON])
    yield call(visit.gateway, login, "/logout", headers=[bearer, *HTML])
    yield call(visit.gateway, login, "/login", headers=JSON)


@pytest.mark.case(84)
@pytest.mark.parametrize("ask", [by_openid_connect, in_wechats_shape, on_own_paths])
def test_no_cache_keeps_it(full_gateway, ask):
    """Tokens, users, tickets, signatures, states and the proofs of forms."""
    answers = list(ask(Visit(full_gateway)))

    assert len(answers) >= 4
    for status, headers, body in answers:
        assert status == 200
        assert b"errcode" not in body.replace(b'"errcode":0,', b"")
        assert dict(headers)["Cache-Control"] == "no-store"


def secrets_of(full_gateway):
    numbers = loaded(private_key()).private_numbers()
    for number in (numbers.d, numbers.p, numbers.q):
        octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
        yield base64.urlsafe_b64encode(octets).decode().rstrip("=")
    yield base64.b64encode(private_key()).decode()
    for name in SIGNING:
        yield getattr(full_gateway.settings, name)[1].decode()
    yield from (MASTER_KEY, APP_SECRET, CLIENT_SECRET, SALT, REAL)
    client = full_gateway.registry.client("demo")
    yield from (each.rpartition(":")[2] for each in client.secret_hashes)
    yield full_gateway.settings.redis_url.partition("//")[2]


@pytest.mark.case(122)
@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_secret_of_the_gateway_is_told(full_gateway, endpoint, accept):
    """Neither on a page nor in JSON: what signs, seals or proves stays here."""
    visit = Visit(full_gateway)
    visit.agree(visit.authorize())
    cookies = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    headers = [("content-type", endpoint.kind), ("accept", accept), ("cookie", cookies)]
    call_ = {"method": endpoint.method, "path": endpoint.path, "query": endpoint.query}
    environ = make_environ_fc(**call_, headers=headers, body=endpoint.body)
    status, sent, body = call_wsgi(endpoint.handler.with_gateway(full_gateway), environ)
    told = f"{sent}{body.decode()}"

    assert status < 500
    assert [each for each in secrets_of(full_gateway) if each in told] == []
