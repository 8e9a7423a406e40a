"""Causes of refusals: in the log always, on the page only for a developer."""

from __future__ import annotations

import dataclasses
import logging
from urllib.parse import urlencode

import pytest

from functions.login import sign_in_page
from functions.login.index import handler as login
from functions.oidc.index import handler as oidc
from functions.wechat_api.index import handler as wechat_api
from runtime.entry import cors
from runtime.web.line_limit import LineLimit
from tests.support.client_sign_in import OIDC as ASKED
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import SERVICE, basic, change

HTML = ("accept", "text/html")
SHOWN = ("redirect_uri_unknown", "not_found")
REGISTERED = "https://shop.example.com/cb"


@pytest.fixture
def lines(caplog):
    """Return what is logged of refusals."""
    caplog.set_level(logging.INFO)
    return lambda: [each for each in caplog.messages if "manage.py" in each]


def get(handler, gateway, path, headers=(HTML,), **pairs):
    """Return status and text of an answer."""
    environ = make_environ_fc(path=path, query=urlencode(pairs), headers=[*headers])
    status, sent, body = call_wsgi(handler.with_gateway(gateway), environ)
    return status, dict(sent), body.decode()


def developed(gateway):
    """Let the gateway be one that only this machine reaches, beside the sandbox."""
    gateway.settings = dataclasses.replace(
        gateway.settings,
        public_base_url="http://127.0.0.1:8080",
        wechat_api_url="http://127.0.0.1:8081",
    )
    return gateway


CASES = {
    "an unknown client": (
        oidc,
        "/oidc/authorize",
        {**ASKED, "client_id": "nobody"},
        "there is no client nobody: manage.py client list",
    ),
    "a redirect_uri": (
        oidc,
        "/oidc/authorize",
        {**ASKED, "redirect_uri": "https://shop.example.com/CB?x=s3cret"},
        f"redirect_uri https://shop.example.com/CB?x=*** is not one of demo: "
        f"{REGISTERED}; manage.py client update demo --redirect-uri takes all of them",
    ),
    "a URL after a sign-out": (
        oidc,
        "/oidc/logout",
        {"client_id": "demo", "post_logout_redirect_uri": "https://x.example/"},
        "post_logout_redirect_uri https://x.example/ is not one of demo: none; "
        "manage.py client update demo --post-logout-redirect-uri takes all of them",
    ),
    "WeChat's protocol": (
        login,
        "/connect/oauth2/authorize",
        {"appid": SERVICE, "redirect_uri": "https://x.example/"},
        f"redirect_uri https://x.example/ is not one of demo: {REGISTERED}; manage.py "
        "client update demo --redirect-uri takes all of them",
    ),
    "a component": (
        login,
        "/connect/component/wx00000000000000c1",
        {"client_id": "demo"},
        "wx00000000000000c1 is no component: manage.py component list",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_came_and_what_is_registered(gateway, lines, case):
    """The log says both, and the command; in production the page says neither."""
    handler, path, pairs, cause = case
    change(gateway, "clients", "demo", redirect_uris=[REGISTERED])
    status, _, page = get(handler, gateway, path, **pairs)

    (line,) = lines()
    assert line.endswith(cause)
    assert status in (400, 404)
    assert "manage.py" not in page
    assert REGISTERED not in page


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_developer_sees_it_on_the_page(gateway, case):
    """With the error's code."""
    handler, path, pairs, cause = case
    change(gateway, "clients", "demo", redirect_uris=[REGISTERED])
    _, _, page = get(handler, developed(gateway), path, **pairs)

    assert cause.replace("'", "&#x27;") in page
    assert any(f'<code lang="en">{each}</code>' in page for each in SHOWN)


@pytest.mark.parametrize("name", ["public_base_url", "wechat_api_url"])
def test_nobody_else_is_a_developer(gateway, name):
    """Neither a gateway that others reach, nor one that speaks to WeChat."""
    developed(gateway)
    assert gateway.settings.development
    for url in (
        "https://g.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
    ):
        changed = dataclasses.replace(gateway.settings, **{name: url})
        assert not changed.development


def test_a_host_that_is_not_allowed(gateway, caplog):
    """Which came, and which are allowed."""
    caplog.set_level(logging.INFO)
    gateway.settings = dataclasses.replace(
        gateway.settings, allowed_hosts=("sso.example.com",)
    )
    status, _, page = get(login, gateway, "/login", headers=[("host", "evil.example")])

    assert status == 421
    assert "sso.example.com" not in page
    assert "evil.example is none of ALLOWED_HOSTS: sso.example.com" in caplog.text


def test_a_path_that_is_not_in_scope(gateway, caplog):
    """Which path, which scopes, and how to add one."""
    caplog.set_level(logging.INFO)
    headers = [("authorization", basic())]
    path = f"/wechat_api/{SERVICE}/wxa/getwxacode"
    status, _, _ = get(wechat_api, gateway, path, headers=headers)

    assert status == 403
    assert "/wxa/getwxacode is not in the scopes of demo" in caplog.text
    assert "/cgi-bin/*; manage.py client update demo --app" in caplog.text


def test_an_app_that_the_client_may_not_use(gateway, caplog):
    """Which app, and which it has."""
    caplog.set_level(logging.INFO)
    headers = [("authorization", basic())]
    other = "wx" + "9" * 16
    get(wechat_api, gateway, f"/wechat_api/{other}/cgi-bin/x", headers=headers)

    assert f"the client demo has not the app {other}, but {SERVICE}" in caplog.text


def test_a_wrong_secret_is_not_logged(gateway, caplog):
    """Only whose it is not."""
    caplog.set_level(logging.INFO)
    headers = [("authorization", basic(secret="s3cret-that-is-wrong"))]
    status, _, _ = get(wechat_api, gateway, f"/wechat_api/{SERVICE}/x", headers=headers)

    assert status == 401
    assert "s3cret" not in caplog.text
    assert "the client demo" in caplog.text


def test_a_next_that_is_replaced(gateway, caplog, monkeypatch):
    """Its host alone, and the origins that are registered."""
    monkeypatch.setattr(sign_in_page, "_REPLACED", LineLimit())
    caplog.set_level(logging.INFO)
    asked = "https://evil.example/x?code=s3cret"
    get(login, gateway, "/login", next=asked)
    get(login, gateway, "/login", next="/orders")

    (line,) = [each for each in caplog.messages if "replaced" in each]
    assert line.endswith(
        "/login: next to evil.example replaced, origins of demo are "
        "https://app.example.com"
    )


def test_an_origin_whose_page_may_not_read(gateway, caplog, monkeypatch):
    """No browser would tell its developer more; other tests have used up a minute's."""
    monkeypatch.setattr(cors, "_UNKNOWN", LineLimit())
    caplog.set_level(logging.INFO)
    headers = [("origin", "https://spa.example.com")]
    get(oidc, gateway, "/oidc/jwks", headers=headers)

    assert "origin spa.example.com may not read answers" in caplog.text
