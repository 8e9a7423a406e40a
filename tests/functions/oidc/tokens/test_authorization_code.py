"""Codes at the token endpoint: valid once, for one client, with its proof."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.sign_in.authorization_request import WECHAT
from runtime.tokens.oidc_keys import OidcKeys
from tests.support.provider import (
    BACK,
    CHALLENGE,
    UNIONID,
    VERIFIER,
    make_code,
)
from tests.support.signed_out import sign_out_at

REFUSED = (400, "invalid_grant")


def said(answer):
    """Return status and OAuth's code of an answer."""
    return answer[0], answer[2].get("error")


@pytest.mark.case(84)
def test_a_code_becomes_tokens(provider):
    """An access token that userinfo takes, and an ID token; no refresh token."""
    status, headers, content = provider.redeem()

    assert 200 == status
    assert {"access_token", "token_type", "expires_in", "scope", "id_token"} == set(
        content
    )
    assert ("Bearer", 7200, "openid profile") == (
        content["token_type"],
        content["expires_in"],
        content["scope"],
    )
    assert UNIONID == provider.userinfo(content["access_token"])[2]["sub"]
    assert ("no-store", "no-cache") == (headers["Cache-Control"], headers["Pragma"])


def test_a_public_client_proves_itself_by_its_verifier(provider, gateway):
    """It has no secret, and names itself in the form."""
    code = make_code(gateway, "page")
    answer = provider.redeem(code, client=None, client_id="page")

    assert 200 == answer[0]


@pytest.mark.case(102)
def test_without_openid_there_is_no_id_token(provider, gateway):
    """OAuth's own answer, and userinfo tells who it is all the same."""
    content = provider.tokens(scope=("profile",))

    assert "id_token" not in content
    assert 200 == provider.userinfo(content["access_token"])[0]


@pytest.mark.case(65)
def test_a_code_that_comes_again_ends_what_it_gave(provider, gateway):
    """The code was stolen: the tokens of the first use are revoked."""
    code = make_code(gateway, scope=("openid", "offline_access"))
    _, _, first = provider.redeem(code)
    again = provider.redeem(code)
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    assert REFUSED == said(again)
    assert 401 == provider.userinfo(first["access_token"])[0]
    assert REFUSED == said(provider.token(refresh))


@pytest.mark.case(65)
@pytest.mark.parametrize("more", [(), ("offline_access",)])
def test_however_late_it_comes(provider, gateway, redis_server, more):
    """The used code is remembered as long as its tokens can live."""
    provider.redeem(make_code(gateway, scope=("openid", *more)))
    client = redis_server.client()
    lives = {key[-5:]: client.ttl(key) for key in client.keys("gateway:grant:*")}

    assert 4 == len(lives)
    assert max(lives.values()) - 2 <= lives[b":code"] <= max(lives.values())


@pytest.mark.parametrize("age", [0, 100])
def test_who_was_signed_out_everywhere_is_told_to_nobody(provider, gateway, age):
    """An unused code ends, too; a code of a later sign-in is valid."""
    now = int(gateway.clock())
    before, after = (make_code(gateway, auth_time=at) for at in (now - age, now + 1))
    sign_out_at(gateway, UNIONID, gateway.clock())

    assert REFUSED == said(provider.redeem(before))
    assert 200 == provider.redeem(after)[0]


@pytest.mark.case(66)
def test_of_many_at_once_one_gets_the_tokens(provider, gateway):
    """Then all tokens are revoked, because the code was used again."""
    code = make_code(gateway)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: provider.redeem(code), range(64)))

    assert 1 == [status for status, _, _ in answers].count(200)
    assert 63 == [said(answer) for answer in answers].count(REFUSED)
    (won,) = [content for status, _, content in answers if status == 200]
    assert 401 == provider.userinfo(won["access_token"])[0]


@pytest.mark.case(68)
def test_a_code_lives_a_minute(gateway, provider, redis_server):
    """Its key in Redis says so; without the key it is no code."""
    code = make_code(gateway)
    client = redis_server.client()
    (key,) = [key for key in client.keys("gateway:grant:*") if key.endswith(b":code")]
    left = client.pttl(key)
    client.delete(key)

    assert 59_000 < left <= 60_000
    assert REFUSED == said(provider.redeem(code))


@pytest.mark.case(85)
def test_redis_holds_no_code_and_no_token(provider, gateway, redis_server):
    """Neither in a key nor in a value, before and after it was redeemed."""
    code = make_code(gateway, scope=("openid", "offline_access"))
    before = dump(redis_server)
    _, _, content = provider.redeem(code)
    after = dump(redis_server)

    assert code not in before + after
    for name in ("access_token", "refresh_token", "id_token"):
        assert content[name] not in after


def dump(redis_server):
    client = redis_server.client()
    keys = [key for key in client.keys("*") if client.type(key) == b"string"]
    return "\n".join(f"{key} {client.get(key)}" for key in keys)


WRONG = {
    "other redirect_uri": ({"redirect_uri": BACK + "/"}, {}, "invalid_grant"),
    "no redirect_uri": ({"redirect_uri": None}, {}, "invalid_grant"),
    "wrong verifier": ({"code_verifier": "w" * 43}, {}, "invalid_grant"),
    "no verifier": ({"code_verifier": None}, {}, "invalid_grant"),
    "the challenge itself": ({"code_verifier": CHALLENGE}, {}, "invalid_grant"),
    "downgrade": ({}, {"code_challenge": None}, "invalid_grant"),
    "42 characters": ({"code_verifier": "v" * 42}, {}, "invalid_request"),
    "129 characters": ({"code_verifier": "v" * 129}, {}, "invalid_request"),
    "odd alphabet": ({"code_verifier": "v" * 42 + "+"}, {}, "invalid_request"),
    "WeChat's dialect": ({}, {"dialect": WECHAT}, "invalid_grant"),
    "an older epoch": ({}, {"epoch": 0}, "invalid_grant"),
}


@pytest.mark.case(29, 69, 70, 71, 73)
@pytest.mark.parametrize(("sent", "granted", "code"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_burns_the_code(
    provider, gateway, redis_server, sent, granted, code
):
    """A correct request afterwards is refused, and the grant is gone."""
    made = make_code(gateway, **granted)
    first = provider.redeem(made, **sent)

    assert (400, code) == said(first)
    assert UNIONID not in dump(redis_server)
    assert "access_token" not in first[2]
    assert REFUSED == said(provider.redeem(made))
    assert REFUSED == said(provider.redeem(made, code_verifier=VERIFIER))


@pytest.mark.case(67)
def test_anothers_code_is_burnt(provider, gateway):
    """Neither client gets a token for it."""
    code = make_code(gateway, "other")
    answers = [provider.redeem(code), provider.redeem(code, client="other")]

    assert [REFUSED, REFUSED] == [said(answer) for answer in answers]


def test_who_needs_no_proof_may_have_none(provider, gateway):
    """A client with a secret whose `pkce` is optional: no challenge, no verifier."""
    code = make_code(gateway, code_challenge=None)

    assert 200 == provider.redeem(code, code_verifier=None)[0]


@pytest.mark.parametrize("code", [None, "", "x", "../" * 20, "码", "c" * 5000])
def test_what_is_no_code(provider, code):
    """A missing one is a mistake in the request, an unknown one is said to be."""
    form = {"grant_type": "authorization_code", "redirect_uri": BACK}
    answer = provider.token(form if code is None else {**form, "code": code})
    expected = "invalid_grant" if code else "invalid_request"

    assert (400, expected) == said(answer)


def test_without_a_key_openid_says_so(provider, gateway):
    """501 names the setting; a scope without openid works all the same."""
    gateway.oidc_keys = OidcKeys(None)
    answers = [
        provider.redeem(make_code(gateway)),
        provider.redeem(make_code(gateway, scope=("profile",))),
    ]

    assert [(501, "oidc_not_configured"), (200, None)] == [said(a) for a in answers]
    assert "OIDC_KEY" in answers[0][2]["error_description"]
