"""POST /oidc/introspect by RFC 7662: who is told what of which token."""

from __future__ import annotations

import json

import pytest

from tests.support.client_sign_in import WECHAT
from tests.support.provider import ISSUER, SECRETS, UNIONID, make_code
from tests.support.scripted_wechat import FORM, SERVICE, basic, change

LASTING = ("openid", "offline_access")
INACTIVE = {"active": False}


@pytest.fixture
def ask(provider):
    """Ask as a client by Basic; return status, headers and JSON."""

    def run(token, *, client="demo", headers=None, **more):
        who = [("authorization", basic(client, SECRETS[client]))] if client else []
        status, sent, body = provider.ask(
            "/oidc/introspect",
            method="POST",
            headers=[("content-type", FORM), *who],
            body={"token": token, **more},
        )
        return status, sent, json.loads(body)

    return run


def test_an_access_token(ask, provider, clock):
    """All that a resource server needs, and no profile."""
    token = provider.tokens(scope=LASTING)["access_token"]
    clock.now += 10
    status, headers, content = ask(token, token_type_hint="refresh_token")

    assert (200, "no-store") == (status, headers["Cache-Control"])
    assert content == {
        "active": True,
        "client_id": "demo",
        "sub": UNIONID,
        "scope": "openid offline_access",
        "iat": clock.now - 10,
        "exp": clock.now - 10 + 7200,
        "iss": ISSUER,
        "token_type": "Bearer",
    }


def test_a_refresh_token_until_it_is_replaced(ask, provider):
    """The new one is active then, and neither is after a revocation."""
    first = provider.tokens(scope=LASTING)["refresh_token"]
    before = ask(first)[2]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    second = provider.token(form)[2]["refresh_token"]
    after = [ask(token)[2]["active"] for token in (first, second)]
    provider.ask(
        "/oidc/revoke",
        method="POST",
        headers=[
            ("content-type", FORM),
            ("authorization", basic("demo", SECRETS["demo"])),
        ],
        body={"token": second},
    )

    assert before["active"]
    assert "token_type" not in before
    assert [False, True] == after
    assert INACTIVE == ask(second)[2]


def test_a_gateway_token(ask, provider):
    """Its app, and its scopes as they are now."""
    form = {"grant_type": "client_credentials", "appid": SERVICE}
    content = ask(provider.token(form)[2]["access_token"])[2]

    assert (True, "demo") == (content["active"], content["client_id"])
    assert (SERVICE, "/cgi-bin/*") == (content["wechat_appid"], content["scope"])
    assert 7200 == content["exp"] - content["iat"]
    assert "sub" not in content


def test_only_who_may_know_is_told(ask, provider, gateway):
    """The client of the token, and one whose document names that client."""
    token = provider.tokens("private")["access_token"]
    refused = ask(token, client="other")
    change(gateway, "clients", "other", introspects=["private"])
    told = ask(token, client="other")[2]

    assert (200, INACTIVE) == (refused[0], refused[2])
    assert "private" == told["client_id"]
    # A pairwise client's name for the user, and no other.
    assert told["sub"] == provider.userinfo(token)[2]["sub"] != UNIONID
    assert INACTIVE == ask(token)[2]


def test_what_is_no_token_is_inactive(ask, provider, gateway, clock):
    """So is an expired or withdrawn one, a code, and one of WeChat's dialect."""
    token = provider.tokens()["access_token"]
    code = make_code(gateway)
    wechats = provider_grant(gateway)
    clock.now += 7201
    old = ask(token)[2]
    fresh = provider.tokens()["access_token"]
    change(gateway, "clients", "demo", epoch=2)

    assert [INACTIVE] * 5 == [
        old,
        ask(fresh)[2],
        ask(code)[2],
        ask(wechats)[2],
        ask("x" * 400)[2],
    ]


def provider_grant(gateway):
    """Return an access token of a sign-in by WeChat's protocol."""
    code = make_code(gateway, dialect="wechat", scope=(WECHAT["scope"],))
    id_, _ = gateway.grants.redeem(code)
    return gateway.grants.user_token(id_, now=gateway.clock())


def test_who_has_no_secret_is_refused(ask, provider):
    """A public client could try tokens out; a wrong secret is counted as everywhere."""
    token = provider.tokens("page")["access_token"]
    public = ask(token, client=None, client_id="page")
    wrong = ask(token, client=None, client_id="demo", client_secret="demo_" + "0" * 32)

    assert [(401, "invalid_client")] * 2 == [
        (each[0], each[2]["error"]) for each in (public, wrong)
    ]
    assert "invalid_request" == ask("")[2]["error"]


def test_redis_away_is_no_answer(ask, provider, gateway, monkeypatch):
    """503: a resource server must not take it for `inactive`."""
    from runtime.errors import ServiceUnavailable

    token = provider.tokens()["access_token"]

    def away(*_, **__):
        raise ServiceUnavailable

    monkeypatch.setattr(gateway.redis_store, "get", away)

    assert 503 == ask(token)[0]
