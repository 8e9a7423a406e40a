"""The same request through FC 2.0's form, FC 3.0's and the local host."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from functions.login.index import handler as login
from functions.oauth_callback.index import handler as oauth_callback
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from host.developer.seed import CLIENT_ID
from runtime.gateway import Gateway
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc

UNKNOWN = "wx" + "0" * 16
HTML = "text/html"
JSON = "application/json"

# function, method, path, query, Accept, body
REQUESTS = [
    (login, "GET", "/login", "next=%2Fa&lang=en", HTML, b""),
    (login, "GET", "/login", "lang=zh_TW", HTML, b""),
    (login, "GET", "/login", "next=%2Fa", JSON, b""),
    (login, "HEAD", "/login", "", HTML, b""),
    (login, "GET", "/login/me", "", JSON, b""),
    (login, "GET", "/login/me", "lang=en", HTML, b""),
    (login, "GET", "/logout", "lang=en", HTML, b""),
    (login, "POST", "/logout", "", JSON, b""),
    (login, "POST", "/login/me", "", JSON, b""),
    (login, "GET", "/login/nowhere", "lang=en", HTML, b""),
    (login, "GET", "/login", "next=%FF", JSON, b""),
    (oauth_callback, "GET", "/oauth_callback/x", "", JSON, b""),
    (
        oauth_callback,
        "GET",
        f"/oauth_callback/{UNKNOWN}",
        f"state={'0' * 32}&lang=en",
        HTML,
        b"",
    ),
    (oidc, "POST", "/oidc/token", "", JSON, b"grant_type=x"),
    (oidc, "POST", "/oidc/token", "grant_type=x", JSON, b""),
    (oidc, "GET", "/oidc/token", "", JSON, b""),
    (oidc, "POST", "/oidc/nowhere", "", JSON, b""),
    (wechat_api, "GET", f"/wechat_api/{UNKNOWN}/access_token", "", JSON, b""),
    (wechat_api, "POST", f"/wechat_api/{UNKNOWN}/quota", "", JSON, b""),
    (wechat_api, "GET", f"/wechat_api/{UNKNOWN}/a", "access_token=x", JSON, b""),
    (wechat_api, "GET", "/cgi-bin/user/get", "", JSON, b""),
    (wechat_api, "GET", "/wechat_api/cgi-bin/user/get", "", JSON, b""),
    (wechat_api, "GET", "/cgi-bin/user/get", "access_token=x", JSON, b""),
    (wechat_api, "GET", "/cgi-bin/token", f"appid={UNKNOWN}", JSON, b""),
    (wechat_api, "POST", "/cgi-bin/token", "", JSON, b""),
    (wechat_api, "POST", "/cgi-bin/stable_token", "", JSON, b"\xff\xfe"),
    (wechat_api, "POST", "/cgi-bin/stable_token", "", JSON, '{"appid":"微"}'.encode()),
    (wechat_api, "GET", "/cgi-bin/%2e%2e/sns", "", JSON, b""),
    (wechat_api, "GET", "/sns/userinfo", "access_token=x&openid=o", JSON, b""),
]
# What the host's own server adds, or says of this exchange alone.
_HOSTS_OWN = {"date", "x-fc-request-id", "content-length", "server", "connection"}
_CHANGING = (
    (rb"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", b"RID"),
    (rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", b"REQUEST"),
    (rb"\b[0-9a-f]{32}\b(?=\"|<)", b"REQUEST"),
    (rb"state=[0-9a-f]{32}", b"state=STATE"),
    (rb"flow_[0-9a-f]{8}=[0-9a-f]{32}", b"flow=FLOW"),
)


def normal(status, headers, body):
    """Return an answer without what differs from one exchange to the next."""
    pairs = [
        f"{name.lower()}: {value}".encode()
        for name, value in headers
        if name.lower() not in _HOSTS_OWN
    ]
    lines = [status, *sorted(pairs), body]
    for pattern, word in _CHANGING:
        lines[1:] = [re.sub(pattern, word, line) for line in lines[1:]]
    return lines


def by_wsgi(handler, method, path, query, accept, body):
    environ = make_environ_fc(
        method=method,
        path=path,
        query=query or None,
        headers=[("Accept", accept)],
        body=body,
    )
    return normal(*call_wsgi(handler, environ))


def by_event(handler, method, path, query, accept, body):
    event = make_event_fc(
        method=method,
        path=path,
        parameters=parse_qsl(query, encoding="latin-1"),
        headers=[("Accept", accept), ("Content-Type", "application/octet-stream")],
        body=body,
    )
    return normal(*call_event(handler, event))


def by_host(host, method, path, query, accept, body):
    answer = host.http.urlopen(
        method,
        f"{host.url}{path}" + (f"?{query}" if query else ""),
        headers={"Accept": accept, "Content-Type": "application/octet-stream"},
        body=body or None,
        redirect=False,
    )
    return normal(answer.status, answer.headers.items(), answer.data)


@pytest.fixture
def same_gateway(host, settings):
    """A gateway in this process, set up as the local host's."""
    made = Gateway(
        replace(
            settings,
            public_base_url=host.url,
            wechat_api_url=host.sandbox_url,
            wechat_open_url=host.sandbox_url,
            wecom_api_url=f"{host.sandbox_url}/qyapi",
            wecom_login_url=host.sandbox_url,
        )
    )
    apps = host.sandbox("GET", "/_sandbox/apps")
    for app in apps:
        content = {"kind": app["kind"], "secret": app["secret"]}
        if app["kind"] == "wecom":
            corpid, _, name = app["appid"].partition("-")
            content |= {"corpid": corpid, "name": name}
        made.documents.write("apps", app["appid"], content, after=0)
    client = {
        "name": "Demo",
        "scopes": {app["appid"]: ["/*"] for app in apps},
        "secret_hashes": [],
    }
    made.documents.write("clients", CLIENT_ID, client, after=0)
    return made


@pytest.mark.parametrize(
    "asked", REQUESTS, ids=lambda asked: f"{asked[1]} {asked[2]}?{asked[3][:20]}"
)
def test_the_answer_is_the_same(host, same_gateway, asked):
    """Status, headers and body, byte by byte but for ids and states."""
    handler = asked[0].with_gateway(same_gateway)
    expected = by_wsgi(handler, *asked[1:])
    if "%FF" not in asked[3]:  # an event has the query decoded, as nobody knows what
        assert expected == by_event(handler, *asked[1:])

    assert expected == by_host(host, *asked[1:])


def test_the_default_form_answers_too(host):
    """FC's own address, without a custom domain, and without the mount prefix."""
    short = host.get("/2016-08-15/proxy/wechat_gateway/login/me")
    long = host.get("/2016-08-15/proxy/wechat_gateway/login/login/me")
    custom = host.get("/login/me")

    assert short.status == long.status == custom.status == 401
    assert json.loads(short.data)["error"] == json.loads(custom.data)["error"]
