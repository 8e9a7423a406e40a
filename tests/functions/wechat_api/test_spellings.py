"""Spellings of calls, as clients send them; each was read in the client's source.

WeChat documents these calls with GET and a query. Clients post them, in a query, in a
form or in both, with a slash too many, or in an order of their own.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from functions.wechat_api.index import handler
from runtime.registry.client_secrets import hash_secret
from tests.support.client_sign_in import BACK, Visit, exchanged, willing
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import login
from tests.support.mini_programs import APPID as MINI_PROGRAM
from tests.support.mini_programs import open_for_business
from tests.support.scripted_wechat import CLIENT_SECRET, FORM, SERVICE, change

STABLE = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
REAL = {"access_token": "75_real", "expires_in": 7200}
APP = {"appid": SERVICE, "secret": CLIENT_SECRET}
CREDENTIAL = {"grant_type": "client_credential"}
CODE = {"grant_type": "authorization_code", "code": "{code}"}
USER = {"access_token": "{user}", "openid": "o-1"}
LOGIN = {"appid": MINI_PROGRAM, "secret": CLIENT_SECRET, "js_code": "c"}
JSCODE = {**LOGIN, "grant_type": "authorization_code"}
BASIC = "Basic " + base64.b64encode(f"demo:{CLIENT_SECRET}".encode()).decode()

# Client, method, path, query, form (None: no body), further headers.
SPELLINGS = [
    # Tokens of an app.
    *[
        (client, "GET", "/cgi-bin/token", pairs, None, {})
        for client, pairs in {
            "wechatpy, WxJava, Senparc": {**CREDENTIAL, **APP},
            "WeRoBot, silenceper": {**CREDENTIAL, **APP},
            "PowerWeChat, of a Go map": {"secret": APP["secret"], **CREDENTIAL, **APP},
            "with the secret in front": {**dict(reversed(APP.items())), **CREDENTIAL},
        }.items()
    ],
    (
        "WxJava, a host that ends in a slash",
        "GET",
        "//cgi-bin/token",
        {**APP, **CREDENTIAL},
        None,
        {},
    ),
    ("curl -X POST", "POST", "/cgi-bin/token", {**CREDENTIAL, **APP}, None, {}),
    ("curl -d", "POST", "/cgi-bin/token", {}, {**CREDENTIAL, **APP}, {}),
    ("in both", "POST", "/cgi-bin/token", CREDENTIAL, APP, {}),
    # Codes of a user: the base of EasyWeChat's Socialite, of wechatpy and the rest.
    *[
        (client, "GET", "/sns/oauth2/access_token", pairs, None, {})
        for client, pairs in {
            "EasyWeChat, Socialite, WxJava": {**APP, **CODE},
            "SocialiteProviders": {"appid": SERVICE, **CODE, "secret": CLIENT_SECRET},
            "better-auth, wechat-oauth of passport-wechat": {**APP, **CODE},
        }.items()
    ],
    (
        "django-allauth",
        "POST",
        "/sns/oauth2/access_token",
        {},
        {"appid": SERVICE, **CODE, "secret": CLIENT_SECRET},
        {"accept": "*/*"},
    ),
    (
        "social-auth-core",
        "POST",
        "/sns/oauth2/access_token",
        {},
        {**CODE, **APP, "redirect_uri": BACK},
        {"accept": "application/json"},
    ),
    (
        "Auth.js",
        "POST",
        "/sns/oauth2/access_token",
        APP,
        {**CODE, "redirect_uri": BACK},
        {"authorization": BASIC, "accept": "application/json"},
    ),
    (
        "passport-weixin",  # over node-oauth, which ends the path in "?"
        "POST",
        "/sns/oauth2/access_token",
        {},
        {**APP, **CODE, "redirect_uri": BACK, "client_id": "x", "client_secret": "y"},
        {"content-type": FORM},
    ),
    (
        "a form with its encoding named",
        "POST",
        "//sns/oauth2/access_token",
        {},
        {**APP, **CODE},
        {"content-type": f"{FORM}; charset=UTF-8"},
    ),
    # Refreshes.
    *[
        (client, method, "/sns/oauth2/refresh_token", query, form, {})
        for client, method, query, form in [
            ("better-auth", "GET", {"refresh": 1}, None),
            ("a form", "POST", {}, {"refresh": 1}),
        ]
    ],
    # Users.
    ("silenceper", "GET", "/sns/userinfo", {**USER, "lang": "zh_CN"}, None, {}),
    ("passport-weixin", "GET", "/sns/userinfo", dict(reversed(USER.items())), None, {}),
    ("a form", "POST", "/sns/userinfo", {}, USER, {}),
    ("a query that is posted", "POST", "/sns/userinfo", USER, None, {}),
    ("WxJava", "GET", "/sns/auth", USER, None, {}),
    ("a form", "POST", "/sns/auth", {}, USER, {}),
    # Mini programs.
    ("EasyWeChat 6, WxJava", "GET", "/sns/jscode2session", JSCODE, None, {}),
    ("a query that is posted", "POST", "/sns/jscode2session", JSCODE, None, {}),
    ("a form", "POST", "/sns/jscode2session", {}, JSCODE, {}),
    # Tickets.
    *[
        (client, method, path, query, form, {})
        for client, method, path, query, form in [
            (
                "co-wechat-api",
                "GET",
                TICKET,
                {"access_token": "{token}", "type": 1},
                None,
            ),
            (
                "Senparc, a host that ends in a slash",
                "GET",
                f"/{TICKET}",
                {"type": 1, "access_token": "{token}"},
                None,
            ),
            ("a form", "POST", TICKET, {}, {"access_token": "{token}", "type": 1}),
            ("a form", "POST", TICKET, {"access_token": "{token}"}, {"type": 1}),
        ]
    ],
]


@pytest.fixture
def known(gateway, wechat):
    """Return what the placeholders stand for; WeChat knows them all."""
    willing(wechat)
    open_for_business(gateway, wechat)
    scopes = gateway.documents.read("clients", "demo").content["scopes"]
    change(
        gateway,
        "clients",
        "demo",
        redirect_uris=[BACK],
        scopes={**scopes, SERVICE: ["/*", "token:read"]},
    )
    wechat.script(STABLE, REAL)
    wechat.script(TICKET, {"ticket": "t-1", "expires_in": 7200, "errcode": 0})
    first, visit = Visit(gateway), Visit(gateway)
    user = exchanged(gateway, first.code(first.connect()))
    token = asked(gateway, "GET", "/cgi-bin/token", urlencode({**CREDENTIAL, **APP}))
    return {
        "{code}": visit.code(visit.connect()),
        "{user}": user["access_token"],
        "{refresh}": user["refresh_token"],
        "{token}": token[2]["access_token"],
    }


def asked(gateway, method, path, query="", body=b"", **headers):
    """Ask as FC does; return status, content type and JSON."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = make_environ_fc(
        method=method, path=path, query=query, body=body, headers=[*headers.items()]
    )
    status, pairs, text = call_wsgi(handler.with_gateway(gateway), environ)
    return status, dict(pairs)["Content-Type"], json.loads(text)


def filled(pairs, known):
    """Return the pairs with values for placeholders, as a query or a form."""
    if "refresh" in (pairs or {}):
        pairs = {"appid": SERVICE, "grant_type": "refresh_token"}
        pairs["refresh_token"] = "{refresh}"
    if (pairs or {}).get("type") == 1:
        pairs = {**pairs, "type": "jsapi"}
    return urlencode({k: known.get(v, v) for k, v in (pairs or {}).items()})


GIVEN = {
    "/cgi-bin/token": {"access_token", "expires_in"},
    "/sns/oauth2/access_token": {"access_token", "refresh_token", "openid", "scope"},
    "/sns/oauth2/refresh_token": {"access_token", "refresh_token", "openid"},
    "/sns/userinfo": {"openid", "nickname"},
    "/sns/auth": {"errcode"},
    "/sns/jscode2session": {"openid"},
    TICKET: {"ticket", "expires_in"},
}


@pytest.mark.parametrize("mount", ["", "/wechat_api", "/wechat_api/"])
@pytest.mark.parametrize(
    ("client", "method", "path", "query", "form", "headers"),
    SPELLINGS,
    ids=[f"{each[0]}: {each[1]} {each[2]}" for each in SPELLINGS],
)
def test_a_spelling(gateway, known, mount, client, method, path, query, form, headers):
    """The answer is the documented one, with the content type of its family."""
    named = {"content-type": FORM, **headers} if form is not None else headers
    status, kind, content = asked(
        gateway,
        method,
        mount + path,
        filled(query, known),
        filled(form, known).encode(),
        **named,
    )
    plain = "/" + path.lstrip("/")

    assert (200, content.get("errcode", 0)) == (status, 0), content
    assert GIVEN[plain] <= content.keys()
    # Without a charset: django-allauth and social-auth-core rely on it for nicknames.
    sns = plain.startswith("/sns/")
    assert kind == ("text/plain" if sns else "application/json; encoding=utf-8")


def test_the_query_counts_before_the_form(gateway, known):
    """Of a name in both the form's value is not read."""
    query = urlencode({**CREDENTIAL, **APP})
    form = urlencode({"appid": "wx" + "0" * 16, "secret": "x"}).encode()
    answer = asked(gateway, "POST", "/cgi-bin/token", query, form, content_type=FORM)[2]

    assert "access_token" in answer


def test_a_body_that_is_no_form_is_not_read(gateway, known):
    """JSON in its place is as if nothing was sent."""
    body = json.dumps({**CREDENTIAL, **APP}).encode()
    for kind in ("application/json", "text/plain"):
        answer = asked(gateway, "POST", "/cgi-bin/token", body=body, content_type=kind)[
            2
        ]
        assert 41002 == answer["errcode"]


def test_a_form_that_is_no_text(gateway, known):
    """It is refused like a malformed query."""
    answer = asked(gateway, "POST", "/cgi-bin/token", body=b"a=\xff", content_type=FORM)
    assert (200, 47001) == (answer[0], answer[2]["errcode"])


@pytest.mark.parametrize("base", ["//", "/wechat_api//", "//wechat_api//", "///"])
def test_a_doubled_slash_in_front_of_a_proxied_path(gateway, wechat, known, base):
    """WeChat gets one, and the scope is that of the plain path."""
    wechat.script("/cgi-bin/user/get", {"total": 0})
    change(gateway, "clients", "demo", scopes={SERVICE: ["/cgi-bin/user/get"]})
    query = urlencode({**CREDENTIAL, **APP})
    token = asked(gateway, "GET", "/cgi-bin/token", query)[2]["access_token"]

    path = f"{base}cgi-bin/user/get"
    assert {"total": 0} == asked(gateway, "GET", path, f"access_token={token}")[2]
    assert 1 == len(wechat.calls("/cgi-bin/user/get"))


def test_a_doubled_slash_after_the_app(gateway, wechat, known):
    """A base that ends in a slash, and a path that begins with one."""
    wechat.script("/cgi-bin/user/get", {"total": 0})
    base = f"/wechat_api/{SERVICE}//"
    for path in ("cgi-bin/user/get", "access_token", "cgi-bin/ticket/getticket"):
        status, _, content = asked(
            gateway, "GET", base + path, "type=jsapi", authorization=BASIC
        )
        assert (200, 0) == (status, content.get("errcode", 0)), content


def test_json_with_a_byte_order_mark(gateway, known):
    """As some .NET programs write it."""
    body = b"\xef\xbb\xbf" + json.dumps({**CREDENTIAL, **APP}).encode()

    assert "access_token" in asked(gateway, "POST", STABLE, body=body)[2]


REAL_TOKEN = f"/wechat_api/{SERVICE}/access_token"


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "demo", "secret": CLIENT_SECRET},
        {"secret": CLIENT_SECRET, "client_id": "demo"},
        {"client_id": "demo", **CREDENTIAL, **APP},
    ],
    ids=["as documented", "reversed", "beside an SDK's own"],
)
def test_the_real_token_by_a_secret_in_the_query(gateway, known, query):
    """For an SDK that can change only the token's URL, such as WxJava's
    accessTokenUrl."""
    answer = asked(gateway, "GET", REAL_TOKEN, urlencode(query))

    assert (200, "75_real") == (answer[0], answer[2]["access_token"])
    assert {"access_token", "expires_in"} == answer[2].keys()


OTHER_SECRET = "other_" + "2" * 32


@pytest.mark.parametrize(
    ("query", "status", "errcode"),
    [
        ({"client_id": "demo", "secret": CLIENT_SECRET[:-1] + "0"}, 401, 40125),
        ({"client_id": "other", "secret": CLIENT_SECRET}, 401, 40125),
        ({"client_id": "demo", "secret": ""}, 401, 40125),
        ({"client_id": "demo"}, 401, 40125),
        ({"client_id": "other", "secret": OTHER_SECRET}, 403, 48001),
        (
            {"client_id": "demo", "secret": CLIENT_SECRET, "access_token": "x"},
            400,
            47001,
        ),
    ],
    ids=["wrong", "another's", "empty", "missing", "no token:read", "beside a token"],
)
def test_a_refusal_of_the_real_token_has_an_errcode(
    gateway, known, query, status, errcode
):
    """An SDK reads no other; the rest is as on all of the gateway's own paths."""
    other = {"name": "Other", "scopes": {SERVICE: ["/*"]}}
    other["secret_hashes"] = [hash_secret(OTHER_SECRET)]
    gateway.documents.write("clients", "other", other, after=0)
    answer = asked(gateway, "GET", REAL_TOKEN, urlencode(query))

    assert (status, errcode) == (answer[0], answer[2]["errcode"])
    assert ["error", "message", "request_id", "errcode", "errmsg"] == list(answer[2])


STABLE_MODE = {**CREDENTIAL, **APP, "force_refresh": False}
POSTED = {
    "WxJava, stable": ("", STABLE_MODE),
    "WxJava, the client named in the URL": ("client_id=demo", STABLE_MODE),
    "the client id for the appid": ("", {**STABLE_MODE, "appid": "demo"}),
    "both": ("", {**STABLE_MODE, "client_id": "demo"}),
    "the secret alone": ("", {"secret": CLIENT_SECRET}),
    "forced": ("", {**STABLE_MODE, "force_refresh": True}),
}


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", FORM])
@pytest.mark.parametrize(("query", "fields"), POSTED.values(), ids=POSTED)
def test_the_real_token_by_a_posted_secret(gateway, wechat, known, query, fields, kind):
    """As SDKs fetch a stable token; nothing is fetched anew, forced or not."""
    body = json.dumps(fields) if kind != FORM else urlencode(fields)
    for _ in range(2):
        answer = asked(
            gateway, "POST", REAL_TOKEN, query, body.encode(), content_type=kind
        )
        assert (200, "75_real") == (answer[0], answer[2].get("access_token"))
        assert {"access_token", "expires_in"} == answer[2].keys()
    assert 1 == len(wechat.calls(STABLE))


@pytest.mark.parametrize(
    ("query", "authorization"),
    [
        (urlencode({"client_id": "demo", "secret": CLIENT_SECRET}), {}),
        (urlencode({"secret": CLIENT_SECRET}), {}),
        ("", {"authorization": BASIC}),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_the_real_token_by_post_with_the_secret_elsewhere(
    gateway, known, query, authorization, body
):
    """In the query or in a header."""
    answer = asked(gateway, "POST", REAL_TOKEN, query, body, **authorization)

    assert (200, "75_real") == (answer[0], answer[2].get("access_token"))


NEAR = CLIENT_SECRET[:-1] + "0"


@pytest.mark.parametrize(
    ("query", "fields", "status", "errcode"),
    [
        ("", {**STABLE_MODE, "secret": NEAR}, 401, 40125),
        ("", {**STABLE_MODE, "appid": "other"}, 401, 40125),
        ("client_id=other", STABLE_MODE, 401, 40125),
        ("client_id=demo", CREDENTIAL, 401, 40125),
        ("client_id=demo", {**STABLE_MODE, "appid": "other"}, 400, 47001),
        ("client_id=demo", {**STABLE_MODE, "client_id": "demo"}, 400, 47001),
        ("access_token=x", STABLE_MODE, 400, 47001),
        ("", [STABLE_MODE], 400, 47001),
        ("", {**STABLE_MODE, "appid": MINI_PROGRAM}, 404, 40013),
        ("", {**STABLE_MODE, "secret": OTHER_SECRET}, 403, 48001),
        ("", CREDENTIAL, 401, 41001),
        ("", {**STABLE_MODE, "secret": 1}, 401, 41001),
    ],
)
def test_a_refusal_of_a_posted_secret(gateway, known, query, fields, status, errcode):
    """With the errcode that an SDK reads, and no token."""
    other = {"name": "Other", "scopes": {SERVICE: ["/*"]}}
    other["secret_hashes"] = [hash_secret(OTHER_SECRET)]
    gateway.documents.write("clients", "other", other, after=0)
    body = json.dumps(fields).encode()
    answer = asked(gateway, "POST", REAL_TOKEN, query, body)

    assert (status, errcode) == (answer[0], answer[2]["errcode"])
    assert ["error", "message", "request_id", "errcode", "errmsg"] == list(answer[2])


@pytest.mark.parametrize(("query", "body"), [("type=jsapi", b""), ("", b"type=jsapi")])
def test_a_ticket_of_a_named_app_by_post(gateway, known, query, body):
    """In query or form, as on WeChat's own path."""
    path = f"/wechat_api/{SERVICE}{TICKET}"
    answer = asked(
        gateway, "POST", path, query, body, authorization=BASIC, content_type=FORM
    )

    assert (200, "t-1") == (answer[0], answer[2].get("ticket"))


def test_a_secret_alone_is_no_credential(gateway, known):
    """The client id says that it is meant."""
    answer = asked(gateway, "GET", REAL_TOKEN, urlencode({"secret": CLIENT_SECRET}))

    assert (401, "invalid_client", 40125) == (
        answer[0],
        answer[2]["error"],
        answer[2]["errcode"],
    )


def test_a_secret_in_the_query_opens_no_other_path(gateway, wechat, known):
    """Only where the token is read."""
    seen = len(wechat.seen)
    query = urlencode({"client_id": "demo", "secret": CLIENT_SECRET})
    for path in ("/cgi-bin/user/get", "/jssdk_config", "/quota"):
        status = asked(gateway, "GET", f"/wechat_api/{SERVICE}{path}", query)[0]
        assert 401 == status
    assert seen == len(wechat.seen)


SENT = {"redirect_uri": BACK, "response_type": "code", "state": "s-1"}
BY_QR = ("/connect/qrconnect", "snsapi_login")
IN_WECHAT = ("/connect/oauth2/authorize", "snsapi_userinfo")
LINKS = {
    "django-allauth, social-auth-core: sorted": (
        BY_QR,
        ("appid", "redirect_uri", "response_type", "scope", "state"),
        {},
    ),
    "better-auth: the scope in front, a language behind": (
        BY_QR,
        ("scope", "response_type", "appid", "redirect_uri", "state", "lang"),
        {"lang": "cn"},
    ),
    "Auth.js: a client_id beside the appid": (
        IN_WECHAT,
        ("appid", "scope", "response_type", "client_id", "redirect_uri", "state"),
        {"client_id": "demo"},
    ),
    "Socialite: connect_redirect behind": (
        IN_WECHAT,
        (
            *("appid", "redirect_uri", "response_type", "scope", "state"),
            "connect_redirect",
        ),
        {"connect_redirect": "1"},
    ),
}


@pytest.mark.parametrize(("page", "order", "more"), LINKS.values(), ids=LINKS)
def test_a_link_to_the_sign_in(gateway, page, order, more):
    """WeChat's own page checks the order; the gateway's takes any, and more."""
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    path, scope = page
    pairs = {**SENT, **more, "appid": "demo", "scope": scope}
    query = urlencode({name: pairs[name] for name in order})
    answer = Visit(gateway).get(login, path, query)

    assert answer.status in (200, 303)
    assert b"appid" in answer.body or "appid" in dict(answer.headers)["Location"]
