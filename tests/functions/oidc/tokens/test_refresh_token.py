"""Refresh tokens: replaced at each use; a repeated one ends the grant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.tokens.id_tokens import IdTokens
from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS
from tests.support.provider import ISSUER, UNIONID, grant
from tests.support.scripted_wechat import change

LASTING = ("openid", "profile", "offline_access")
REFUSED = (400, "invalid_grant")


@pytest.fixture
def first(provider):
    """The tokens of a grant that lasts."""
    return provider.tokens(scope=LASTING)


def refresh(provider, token, *, client="demo", **more):
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return provider.token(form, client=client)


def said(answer):
    return answer[0], answer[2].get("error")


def test_new_tokens_for_an_old_one(provider, first, gateway, clock):
    """A refresh token that is new, and an ID token of the same sign-in, no nonce."""
    clock.now += 3600
    status, headers, content = refresh(provider, first["refresh_token"])
    tokens = IdTokens(gateway.oidc_keys, issuer=ISSUER)
    before = tokens.hint(first["id_token"], now=clock.now)
    after = tokens.hint(content["id_token"], now=clock.now)
    same = ("iss", "sub", "aud", "auth_time")

    assert 200 == status
    assert first["refresh_token"] != content["refresh_token"]
    assert [before[name] for name in same] == [after[name] for name in same]
    assert (3600, "nonce" in after) == (after["iat"] - before["iat"], False)
    assert UNIONID == provider.userinfo(content["access_token"])[2]["sub"]
    assert "no-store" == headers["Cache-Control"]


def test_without_offline_access_there_is_none(provider):
    """What is not asked for cannot be stolen."""
    assert "refresh_token" not in provider.tokens()


def test_one_that_comes_twice_ends_them_all(provider, first):
    """The thief's tokens and the client's; nobody can tell which is which."""
    _, _, second = refresh(provider, first["refresh_token"])
    again = refresh(provider, first["refresh_token"])

    assert REFUSED == said(again)
    assert REFUSED == said(refresh(provider, second["refresh_token"]))
    assert 401 == provider.userinfo(second["access_token"])[0]


def test_of_many_at_once_one_gets_the_next(provider, first):
    """Sixteen come with the same one."""
    with ThreadPoolExecutor(16) as pool:
        ask = [first["refresh_token"]] * 16
        answers = list(pool.map(lambda token: refresh(provider, token), ask))

    assert 1 == [status for status, _, _ in answers].count(200)


def test_a_chain_of_them(provider, first):
    """Each is good for the next one."""
    token = first["refresh_token"]
    for _ in range(5):
        status, _, content = refresh(provider, token)
        token = content["refresh_token"]

        assert 200 == status


@pytest.mark.case(95)
@pytest.mark.parametrize(("after", "expected"), [(0, 200), (30, 400)])
def test_it_ends_a_month_after_the_sign_in(provider, first, clock, after, expected):
    """Half a minute later is too late."""
    clock.now += REFRESH_TOKEN_SECONDS + after

    assert expected == refresh(provider, first["refresh_token"])[0]


def test_a_client_uses_only_its_own(provider, first):
    """Another client's is refused, and stays good for whose it is."""
    by_another = refresh(provider, first["refresh_token"], client="other")

    assert REFUSED == said(by_another)
    assert 200 == refresh(provider, first["refresh_token"])[0]


def test_a_public_client_refreshes_by_its_name(provider):
    """It has no secret; that each one is good once is its proof."""
    tokens = provider.tokens("page", scope=LASTING)
    form = {"client_id": "page"}
    answer = refresh(provider, tokens["refresh_token"], client=None, **form)

    assert 200 == answer[0]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", (200, None)),
        ("profile offline_access openid", (200, None)),
        ("openid email", (400, "invalid_scope")),
    ],
)
def test_no_more_than_was_granted(provider, first, scope, expected):
    """All of it is answered, and said; asking for more does not spend the token."""
    answer = refresh(provider, first["refresh_token"], scope=scope)

    assert expected == said(answer)
    if expected[1]:
        assert 200 == refresh(provider, first["refresh_token"])[0]
    else:
        assert " ".join(LASTING) == answer[2]["scope"]


def test_a_user_who_was_signed_out_everywhere(provider, first, gateway, clock):
    """By the operator; what began before is over."""
    gateway.sessions.end_all(UNIONID, now=clock.now)

    assert REFUSED == said(refresh(provider, first["refresh_token"]))


@pytest.mark.parametrize("changed", [{"disabled": True}, {"epoch": 2}])
def test_a_client_that_is_no_more_who_it_was(provider, first, gateway, changed):
    """Disabled, or its tokens revoked."""
    change(gateway, "clients", "demo", **changed)

    assert 200 != refresh(provider, first["refresh_token"])[0]


@pytest.mark.parametrize("name", ["access_token", "id_token", None])
def test_what_is_no_refresh_token(provider, first, name):
    """Signed for another purpose, or missing."""
    answer = refresh(provider, first[name] if name else "")

    assert (400, "invalid_grant" if name else "invalid_request") == said(answer)


def test_one_of_wechats_dialect_is_for_wechats_path(provider, gateway, clock):
    """Its tokens are spoken for at /sns, not here."""
    made = grant(gateway, dialect="wechat", scope=("snsapi_userinfo",))
    id_, _ = gateway.grants.redeem(gateway.grants.code(made))
    token = gateway.grants.refresh_token(id_, now=clock.now)

    assert REFUSED == said(refresh(provider, token))
