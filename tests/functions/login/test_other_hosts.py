"""Pages at another host than that of PUBLIC_BASE_URL, and the default language."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from functions.console.index import handler as console
from functions.login.index import handler as login
from functions.oauth_callback.index import handler as oauth_callback
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from functions.wechat_event.index import handler as wechat_event
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import SERVICE

HTML = ("accept", "text/html")
ELSEWHERE = "localhost:8080"


def get(gateway, handler, path, *, host=ELSEWHERE, method="GET", query="", headers=()):
    environ = make_environ_fc(
        method=method,
        path=path,
        query=query,
        headers=[("host", host), *(headers or [HTML])],
    )
    status, pairs, body = call_wsgi(handler.with_gateway(gateway), environ)
    return status, dict(pairs), body.decode()


def settings(gateway, **fields):
    gateway.documents.write("gateway", "settings", fields, after=0)


@pytest.mark.parametrize(
    ("handler", "path", "public"),
    [
        (login, "/login", "/login"),
        (login, "/login/", "/login"),
        (login, "/login/me", "/login/me"),
        (login, "/logout", "/logout"),
        (login, "/connect/qrconnect", "/connect/qrconnect"),
        (login, "/me", "/login/me"),
        (oidc, "/oidc/authorize", "/oidc/authorize"),
        (oidc, "/oidc/logout", "/oidc/logout"),
        (console, "/console/", "/console"),
        (console, "/console/apps", "/console/apps"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_leads_to_the_public_host(gateway, handler, path, public, method):
    """With its query and a mark, and before any cookie."""
    query = "next=%2Forders&a=b"
    status, headers, _ = get(gateway, handler, path, method=method, query=query)

    assert 303 == status
    assert headers["Location"] == (
        f"{gateway.settings.public_base_url}{public}?{query}&_moved=1"
    )
    assert "Set-Cookie" not in headers


def test_who_has_been_led_is_not_led_again(gateway):
    """Behind a proxy that replaces the Host header it would be a loop."""
    _, headers, _ = get(gateway, login, "/login")
    query = urlsplit(headers["Location"]).query
    status, headers, body = get(gateway, login, "/login", query=query)

    assert (200, True) == (status, "Set-Cookie" in headers)
    # No URL of the page carries the mark on, so that another visit is led again.
    assert "_moved" not in body


@pytest.mark.parametrize(
    "host",
    ["HOST", "HOST:8443", "", "localhost/evil", "a b", "evil.example\t", "[::1"],
)
def test_a_page_at_the_public_host_stays(gateway, host):
    """The port does not count, and a malformed host is no browser's."""
    public = urlsplit(gateway.settings.public_base_url).hostname
    status, _, _ = get(gateway, login, "/login", host=host.replace("HOST", public))

    assert 200 == status


@pytest.mark.parametrize(
    ("handler", "path", "more"),
    [
        (login, "/login", {"headers": [("accept", "application/json")]}),
        (login, "/login", {"headers": [("accept", "*/*")]}),
        (login, "/login/qr.js", {}),
        (login, "/login/healthz", {}),
        (login, "/healthz", {}),
        (login, "/logout", {"method": "POST"}),
        (login, "/login/wait", {"query": "flow=1"}),
        (oidc, "/oidc/token", {"method": "POST"}),
        (oidc, "/oidc/jwks", {}),
        (oidc, "/.well-known/openid-configuration", {}),
        (oauth_callback, f"/oauth_callback/{SERVICE}", {"query": "code=c&state=s"}),
        (wechat_api, "/cgi-bin/token", {}),
        (wechat_api, "/cgi-bin/user/get", {}),
        (wechat_event, f"/wechat_event/{SERVICE}", {"query": "echostr=1"}),
        (console, "/metrics", {}),
    ],
)
def test_what_is_no_page_is_answered_where_it_is_asked(gateway, handler, path, more):
    """APIs, health, pushes, callbacks and scripts know one host as well as another."""
    _, headers, _ = get(gateway, handler, path, **more)

    assert "_moved" not in headers.get("Location", "")


def test_an_operator_can_turn_it_off(gateway):
    """For a proxy that always replaces the Host header."""
    settings(gateway, other_hosts="serve")

    assert 200 == get(gateway, login, "/login")[0]


@pytest.mark.parametrize(
    ("fields", "accept", "language"),
    [
        (None, None, "zh-CN"),
        ({"default_language": "zh_TW"}, None, "zh-TW"),
        ({"default_language": "zh_TW"}, "*", "zh-TW"),
        ({"default_language": "zh_TW"}, "fr, de", "en"),
        ({"default_language": "zh_TW"}, "zh-CN", "zh-CN"),
        ({"default_language": 7}, None, "zh-CN"),
    ],
)
def test_the_default_language(gateway, fields, accept, language):
    """It is for who states none; on an error page as well."""
    if fields:
        settings(gateway, **fields)
    public = urlsplit(gateway.settings.public_base_url).hostname
    headers = [HTML, *([("accept-language", accept)] if accept else [])]
    for path in ("/login", "/login/nowhere"):
        _, _, body = get(gateway, login, path, host=public, headers=headers)
        assert language == re.search('<html lang="([^"]+)"', body)[1]
