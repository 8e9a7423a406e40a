"""client_credentials at the token endpoint, by RFC 6749."""

from __future__ import annotations

import pytest

from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    SERVICE,
    WEBSITE,
    basic,
    change,
)

GRANT = {"grant_type": "client_credentials", "appid": SERVICE}
WHO = {"client_id": "demo", "client_secret": CLIENT_SECRET}


@pytest.mark.parametrize("by", ["basic", "body"])
def test_a_token_for_the_client(post, gateway, clock, by):
    """A gateway token, as /cgi-bin/token gives it, in OAuth's shape."""
    if by == "basic":
        status, headers, content = post(GRANT, authorization=basic())
    else:
        status, headers, content = post({**GRANT, **WHO})

    caller = gateway.gateway_tokens.read(content.pop("access_token"), now=clock.now)
    assert 200 == status
    assert {
        "token_type": "Bearer",
        "expires_in": GATEWAY_TOKEN_SECONDS,
        "scope": "/cgi-bin/*",
    } == content
    assert ("demo", SERVICE, None) == (caller.client_id, caller.appid, caller.narrowed)
    assert ("no-store", "no-cache") == (headers["Cache-Control"], headers["Pragma"])
    assert headers["Content-Type"].startswith("application/json")


def test_a_narrower_token(post, gateway, clock):
    """Each scope once, in the order that was asked for."""
    scope = "/cgi-bin/user/* /cgi-bin/menu/get /cgi-bin/user/*"
    _, _, content = post({**GRANT, "scope": scope}, authorization=basic())

    caller = gateway.gateway_tokens.read(content["access_token"], now=clock.now)
    assert "/cgi-bin/user/* /cgi-bin/menu/get" == content["scope"]
    assert caller.allows("/cgi-bin/user/get")
    assert not caller.allows("/cgi-bin/message/custom/send")


def test_the_only_app_need_not_be_named(post, gateway):
    """Of several, one has to be."""
    without = {"grant_type": "client_credentials", **WHO}
    _, _, several = post(without)
    change(gateway, "clients", "demo", scopes={SERVICE: ["/*"]})
    status, _, content = post(without)

    assert "invalid_request" == several["error"]
    assert "appid" in several["error_description"]
    assert (200, "/*") == (status, content["scope"])


def test_an_app_without_a_document_gets_no_token(post, gateway):
    """The client may have it, the gateway has it not."""
    gone = "wx" + "d" * 16
    change(gateway, "clients", "demo", scopes={gone: ["/*"]})
    status, _, content = post({**GRANT, **WHO, "appid": gone})

    assert (400, "unauthorized_client") == (status, content["error"])


def test_a_parameter_without_a_value_is_left_out(post):
    """An empty scope asks for all, an empty secret is none beside Basic."""
    form = {**GRANT, "scope": "", "client_secret": "", "resource": ""}
    status, _, content = post(form, authorization=basic())

    assert (200, "/cgi-bin/*") == (status, content["scope"])


def test_the_charset_of_a_form_may_be_named(post):
    """As many a client does."""
    status, _, _ = post({**GRANT, **WHO}, kind=f"{FORM.title()}; charset=UTF-8")

    assert 200 == status


def test_a_token_is_for_the_app_that_was_named(post, gateway):
    """An app without a scope gives a token that opens nothing."""
    form = {"grant_type": "client_credentials", "appid": WEBSITE, **WHO}
    _, _, content = post(form)

    caller = gateway.gateway_tokens.read(content["access_token"], now=gateway.clock())
    assert (WEBSITE, "") == (caller.appid, content["scope"])
    assert not caller.allows("/cgi-bin/user/get")


REFUSED = {
    "no grant": ({"grant_type": None}, 400, "invalid_request"),
    "empty grant": ({"grant_type": ""}, 400, "invalid_request"),
    "password": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "implicit": ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
    "no code": ({"grant_type": "authorization_code"}, 400, "invalid_request"),
    "no refresh token": ({"grant_type": "refresh_token"}, 400, "invalid_request"),
    "wechat's word": (
        {"grant_type": "client_credential"},
        400,
        "unsupported_grant_type",
    ),
    "no client": ({"client_id": None, "client_secret": None}, 401, "invalid_client"),
    "no id": ({"client_id": None}, 401, "invalid_client"),
    "no secret": ({"client_secret": None}, 401, "invalid_client"),
    "wrong secret": ({"client_secret": "demo_" + "0" * 32}, 401, "invalid_client"),
    "AppSecret": ({"client_secret": APP_SECRET}, 401, "invalid_client"),
    "unknown": (
        {"client_id": "nobody", "client_secret": "nobody_" + "1" * 32},
        401,
        "invalid_client",
    ),
    "other's id": ({"client_id": "other"}, 401, "invalid_client"),
    "odd id": ({"client_id": "../apps/demo"}, 401, "invalid_client"),
    "unknown app": ({"appid": "wx" + "0" * 16}, 400, "unauthorized_client"),
    "odd app": ({"appid": "../clients/demo"}, 400, "unauthorized_client"),
    "other's app": ({"appid": "wx" + "c" * 16}, 400, "unauthorized_client"),
    "all paths": ({"scope": "/*"}, 400, "invalid_scope"),
    "one too many": ({"scope": "/cgi-bin/user/get /wxa/x"}, 400, "invalid_scope"),
    "real token": ({"scope": "token:read"}, 400, "invalid_scope"),
    "no pattern": ({"scope": "openid profile"}, 400, "invalid_scope"),
    "two blanks": ({"scope": "/cgi-bin/a  /cgi-bin/b"}, 400, "invalid_scope"),
    "a blank": ({"scope": " "}, 400, "invalid_scope"),
    "too long": (
        {"scope": " ".join(f"/cgi-bin/user/{n}" for n in range(50))},
        400,
        "invalid_scope",
    ),
}


@pytest.mark.case(75, 79, 83, 84)
@pytest.mark.parametrize(("changed", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refusals(post, gateway, changed, status, code):
    """By OAuth's code, with nothing of the request in it."""
    change(gateway, "clients", "other", scopes={"wx" + "c" * 16: ["/*"]})
    form = {k: v for k, v in {**GRANT, **WHO, **changed}.items() if v is not None}
    answer = post(form)

    assert (status, code) == (answer[0], answer[2]["error"])
    assert ["error", "error_description", "request_id"] == list(answer[2])
    assert ("no-store", "no-cache") == (
        answer[1]["Cache-Control"],
        answer[1]["Pragma"],
    )
    assert "WWW-Authenticate" not in answer[1]
    assert "access_token" not in answer[2]
