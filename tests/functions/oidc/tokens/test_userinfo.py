"""Userinfo: the claims about the user of a token, and about nobody else."""

from __future__ import annotations

import json

import pytest

from functions.login.index import handler as login
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS, InvalidToken
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.provider import OPENID, PROFILE, UNIONID, grant
from tests.support.scripted_wechat import FORM, NOW, SERVICE, change
from tests.support.signed_out import sign_out_at

PATH = "/oidc/userinfo"


@pytest.fixture
def token(provider):
    return provider.tokens()["access_token"]


def test_what_the_scope_covers(provider, token):
    """The profile in OpenID Connect's words, and WeChat's names beside them."""
    status, headers, content = provider.userinfo(token)

    assert 200 == status
    own = {"nickname": PROFILE["name"], "preferred_username": "ou9x8y7a4173e33be30"}
    own |= {"locale": "zh-CN", "updated_at": int(NOW) - 100}
    assert {"sub": UNIONID, **own, **PROFILE} == content
    assert headers["Content-Type"].startswith("application/json")


def test_without_profile_there_is_no_name(provider):
    """`sub` and what WeChat calls the user."""
    token = provider.tokens(scope=("openid",))["access_token"]
    names = {"sub", "wechat_openid", "wechat_unionid", "wechat_appid"}

    assert names == set(provider.userinfo(token)[2])


def test_a_pairwise_client_gets_names_of_its_own(provider):
    """Neither openid nor unionid stands anywhere in it."""
    scope = ("openid", "profile", "email")
    token = provider.tokens("private", scope=scope)["access_token"]
    content = provider.userinfo(token)[2]

    assert set(content) == {
        *("sub", "name", "nickname", "preferred_username", "picture", "locale"),
        *("updated_at", "email", "email_verified"),
    }
    assert not {OPENID, UNIONID} & set(content.values())
    assert content["email"].endswith("@users.people.example.com")


@pytest.mark.case(90)
@pytest.mark.parametrize("client_id", ["demo", "private"])
def test_one_sub_everywhere(provider, gateway, client_id):
    """The same at each sign-in, in the ID token and here; short and ASCII."""
    seen = set()
    for _ in range(2):
        tokens = provider.tokens(client_id)
        hint = gateway.id_tokens.hint(tokens["id_token"], now=gateway.clock())
        seen |= {hint["sub"], provider.userinfo(tokens["access_token"])[2]["sub"]}
    (sub,) = seen

    assert sub.isascii()
    assert len(sub) <= 255


@pytest.mark.case(84, 103)
@pytest.mark.parametrize("way", ["GET", "POST header", "POST body"])
def test_three_ways_to_send_the_token(provider, token, way):
    """And no cache keeps the answer."""
    header = [("authorization", f"Bearer {token}")]
    form = [("content-type", FORM)]
    status, headers, body = {
        "GET": lambda: provider.ask(PATH, headers=header),
        "POST header": lambda: provider.ask(PATH, method="POST", headers=header),
        "POST body": lambda: provider.ask(
            PATH, method="POST", headers=form, body={"access_token": token}
        ),
    }[way]()

    assert (200, UNIONID) == (status, json.loads(body)["sub"])
    assert ("no-store", "no-cache") == (headers["Cache-Control"], headers["Pragma"])


@pytest.mark.case(103)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_never_in_the_query(provider, token, method):
    """URLs are logged, so a token in the query is refused, with or without a header."""
    header = [("authorization", f"Bearer {token}")]
    status, headers, body = provider.ask(
        PATH, method=method, query={"access_token": token}, headers=header
    )

    assert (400, "invalid_request") == (status, json.loads(body)["error"])
    assert "no-store" == headers["Cache-Control"]


@pytest.mark.case(103)
@pytest.mark.parametrize(
    ("authorization", "body"),
    [(None, b""), (None, b"x=1"), ("Basic eDp5", b""), ("Bearer", b""), (None, b"{}")],
)
def test_who_sends_no_token_is_told_what_is_due(provider, authorization, body):
    """401 and Bearer, without an error: there was no mistake yet."""
    headers = [("authorization", authorization)] if authorization else []
    status, sent, answer = provider.ask(
        PATH, method="POST", headers=[("content-type", FORM), *headers], body=body
    )

    assert (401, b"") == (status, answer)
    assert 'Bearer realm="gateway"' == sent["WWW-Authenticate"]
    assert "no-store" == sent["Cache-Control"]


def test_not_in_two_ways(provider, token):
    """Even if they are the same."""
    status, _, body = provider.ask(
        PATH,
        method="POST",
        headers=[("authorization", f"Bearer {token}"), ("content-type", FORM)],
        body={"access_token": token},
    )

    assert (400, "invalid_request") == (status, json.loads(body)["error"])


@pytest.mark.case(91, 103, 104)
@pytest.mark.parametrize(
    "kind", ["forged", "ID token", "refresh token", "code", "gateway token", "/sns"]
)
def test_what_is_no_access_token_for_it(provider, gateway, token, kind):
    """Signed by us or not: only what was given for this is taken."""
    tokens = provider.tokens(scope=("openid", "offline_access"))
    demo = gateway.registry.client("demo")
    made = grant(gateway, dialect="wechat", scope=("snsapi_userinfo",))
    wechats, _ = gateway.grants.redeem(gateway.grants.code(made))
    wrong = {
        "forged": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        "ID token": tokens["id_token"],
        "refresh token": tokens["refresh_token"],
        "code": gateway.grants.code(grant(gateway)),
        "gateway token": gateway.gateway_tokens.issue(
            demo, SERVICE, now=gateway.clock()
        ),
        "/sns": gateway.grants.user_token(wechats, now=gateway.clock()),
    }
    status, headers, content = provider.userinfo(wrong[kind])

    assert (401, "invalid_token") == (status, content["error"])
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]


@pytest.mark.case(95, 125)
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-61, 401), (-60, 200), (USER_TOKEN_SECONDS, 200), (USER_TOKEN_SECONDS + 30, 401)],
)
def test_when_it_is_good(provider, token, clock, seconds, expected):
    """For two hours, and one minute earlier for clocks that differ."""
    clock.now += seconds

    assert expected == provider.userinfo(token)[0]


@pytest.mark.parametrize("changed", [{"disabled": True}, {"epoch": 2}])
def test_a_client_that_is_no_more_who_it_was(provider, token, gateway, changed):
    """Disabled, or its tokens revoked: seen at once."""
    change(gateway, "clients", "demo", **changed)

    assert 401 == provider.userinfo(token)[0]


def test_a_user_who_was_signed_out_everywhere(provider, token, gateway, clock):
    """The token is dead with the sessions."""
    sign_out_at(gateway, UNIONID, clock.now)

    assert 401 == provider.userinfo(token)[0]


@pytest.mark.case(104)
def test_an_access_token_is_no_session(gateway, token):
    """Neither as the cookie nor as the Bearer token of a mini program."""
    for header in (
        ("cookie", f"__Host-gateway_session={token}"),
        ("authorization", f"Bearer {token}"),
    ):
        environ = make_environ_fc(path="/login/me", headers=[header])

        assert 401 == call_wsgi(login.with_gateway(gateway), environ)[0]


@pytest.mark.case(104)
def test_an_access_token_is_no_code_and_no_gateway_token(provider, gateway, token):
    """The token endpoint and WeChat's API refuse it."""
    answer = provider.redeem(token)
    with pytest.raises(InvalidToken):
        gateway.gateway_tokens.read(token, now=gateway.clock())

    assert (400, "invalid_grant") == (answer[0], answer[2]["error"])
    assert GATEWAY_TOKEN_SECONDS == USER_TOKEN_SECONDS  # it is not its age that decides
