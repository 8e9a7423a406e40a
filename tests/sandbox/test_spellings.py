"""Calls that are documented with GET, posted; and slashes too many in front."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.sandbox.conftest import Visit

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def post(sandbox):
    """Post pairs to a path as a query, as a form, or some as each; return the JSON."""

    def run(path, pairs, way):
        in_query = {"query": pairs, "form": {}, "both": dict([*pairs.items()][:1])}[way]
        in_form = {k: v for k, v in pairs.items() if k not in in_query}
        body = urlencode(in_form).encode()
        return sandbox.call("POST", path, in_query, body=body, headers=FORM).json()

    return run


each_way = pytest.mark.parametrize("way", ["query", "form", "both"])


@each_way
@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_a_token(sandbox, post, way, slashes):
    """Of an app."""
    app = sandbox.app("service")
    pairs = {"grant_type": "client_credential"}
    pairs |= {"appid": app["appid"], "secret": app["secret"]}
    answer = post(f"{slashes}cgi-bin/token", pairs, way)

    assert list(answer) == ["access_token", "expires_in"]


@each_way
def test_a_ticket(sandbox, post, way):
    """With the token in query or form."""
    pairs = {"access_token": sandbox.token("service"), "type": "jsapi"}

    assert post("/cgi-bin/ticket/getticket", pairs, way)["errcode"] == 0


@each_way
def test_a_user(sandbox, post, way):
    """From the code to the profile, as django-allauth and social-auth-core begin."""
    visit = Visit(sandbox)
    app = {"appid": visit.app["appid"]}
    code = {"code": visit.code(), "grant_type": "authorization_code"}
    secret = {"secret": visit.app["secret"]}
    tokens = post("/sns/oauth2/access_token", {**app, **secret, **code}, way)
    user = {"access_token": tokens["access_token"], "openid": visit.openid}
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    assert post("/sns/userinfo", user, way)["openid"] == visit.openid
    assert post("/sns/auth", user, way)["errcode"] == 0
    assert "access_token" in post("/sns/oauth2/refresh_token", {**app, **again}, way)


def test_a_form_without_its_content_type_is_not_read(sandbox):
    """Nor is JSON."""
    app = sandbox.app("service")
    pairs = {"grant_type": "client_credential", "appid": app["appid"]}
    body = urlencode({**pairs, "secret": app["secret"]}).encode()
    answer = sandbox.call("POST", "/cgi-bin/token", body=body).json()

    assert answer["errcode"] == 41002


def test_any_other_path_takes_no_token_in_a_form(sandbox, post):
    """41001: WeChat reads it from the query alone."""
    token = {"access_token": sandbox.token("service")}

    assert post("/cgi-bin/menu/create", token, "form")["errcode"] == 41001


def test_a_fault_is_found_by_the_plain_path(sandbox):
    """However many slashes the caller sends."""
    sandbox.post(
        "/_sandbox/faults", {"path": "/cgi-bin/token", "times": 1, "errcode": -1}
    )

    assert sandbox.get("//cgi-bin/token").json()["errcode"] == -1
