"""Revocation by RFC 7009: the tokens of one sign-in end together."""

from __future__ import annotations

import json

import pytest

from runtime.errors import ServiceUnavailable
from runtime.tokens.lifetimes import USER_TOKEN_SECONDS
from tests.support.provider import SECRETS, grant
from tests.support.scripted_wechat import FORM, SERVICE, basic, change

LASTING = ("openid", "profile", "offline_access")
DONE = (200, None)


@pytest.fixture
def first(provider):
    """The tokens of a grant that lasts."""
    return provider.tokens(scope=LASTING)


def revoke(provider, token, *, client="demo", **more):
    """Return the status, and OAuth's word where it is refused."""
    who = [("authorization", basic(client, SECRETS[client]))] if client else []
    form = {"token": token, **more} if token else more
    status, sent, answer = provider.ask(
        "/oidc/revoke",
        method="POST",
        headers=[("content-type", FORM), *who],
        body=form,
    )
    assert ("no-store", "no-cache") == (sent["Cache-Control"], sent["Pragma"])
    return status, json.loads(answer)["error"] if answer else None


def refreshed(provider, tokens, *, client="demo", **more):
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return provider.token({**form, **more}, client=client)[0]


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "x"])
def test_either_ends_both(provider, first, name, hint):
    """Whatever kind the client says it is."""
    more = {} if hint is None else {"token_type_hint": hint}
    answer = revoke(provider, first[name], **more)

    assert DONE == answer
    assert 401 == provider.userinfo(first["access_token"])[0]
    assert 400 == refreshed(provider, first)


def test_one_sign_in_ends_and_no_other(provider, first):
    """Another of the same user, at the same client, goes on."""
    second = provider.tokens(scope=LASTING)
    revoke(provider, first["refresh_token"])

    assert 200 == provider.userinfo(second["access_token"])[0]
    assert 200 == refreshed(provider, second)


def test_a_token_that_was_replaced_ends_its_followers(provider, first):
    """An old refresh token still identifies the grant."""
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    _, _, second = provider.token(form)

    assert DONE == revoke(provider, first["refresh_token"])
    assert 401 == provider.userinfo(second["access_token"])[0]


def test_while_the_client_lacks_the_app(provider, gateway, first):
    """It is over even if the client gets its app back."""
    scopes = gateway.documents.read("clients", "demo").content["scopes"]
    change(gateway, "clients", "demo", scopes={SERVICE: []})
    refused = provider.userinfo(first["access_token"])[0]
    answer = revoke(provider, first["refresh_token"])
    change(gateway, "clients", "demo", scopes=scopes)

    assert (401, DONE) == (refused, answer)
    assert 401 == provider.userinfo(first["access_token"])[0]
    assert 400 == refreshed(provider, first)


def test_what_is_no_token_is_as_good_as_ended(provider, first, clock):
    """Unknown, an ID token, ended before, or too old: 200, so nobody tries again."""
    revoke(provider, first["refresh_token"])
    old = provider.tokens()["access_token"]
    clock.now += USER_TOKEN_SECONDS + 30
    dead = ("x", "é 张", *map(str, first.values()), old)
    answers = [revoke(provider, token) for token in dead]

    assert [DONE] * len(dead) == answers


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_another_clients_token_is_refused(provider, first, name):
    """The answer says so, and the token stays valid for its own client."""
    answer = revoke(provider, first[name], client="other")

    assert (400, "invalid_grant") == answer
    assert 200 == refreshed(provider, first)


def test_a_public_client_names_itself(provider):
    """Its token is its proof; the name of another does not do."""
    tokens = provider.tokens("page", scope=LASTING)
    token = tokens["refresh_token"]
    by_another = revoke(provider, token, client=None, client_id="private")
    by_itself = revoke(provider, token, client=None, client_id="page")

    assert ((400, "invalid_grant"), DONE) == (by_another, by_itself)
    assert 400 == refreshed(provider, tokens, client=None, client_id="page")


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"client_id": "demo"},
        {"client_id": "demo", "client_secret": SECRETS["other"]},
        {"client_id": "nobody"},
    ],
    ids=["nobody", "no secret", "another's secret", "unknown"],
)
def test_a_client_without_proof(provider, first, who):
    """401, for a token that lives and for one that is none; nothing ends."""
    answers = {revoke(provider, first["access_token"], client=None, **who)}
    answers.add(revoke(provider, "x", client=None, **who))

    assert {(401, "invalid_client")} == answers
    assert 200 == provider.userinfo(first["access_token"])[0]


def test_a_client_that_says_no_token(provider):
    """There is nothing to end."""
    assert (400, "invalid_request") == revoke(provider, None)


def test_a_token_of_a_machine_cannot_be_ended_alone(provider, gateway, clock):
    """The request is refused, so that no client believes the token has ended."""
    form = {"grant_type": "client_credentials", "appid": SERVICE}
    token = provider.token(form)[2]["access_token"]
    answer = revoke(provider, token)

    assert (400, "unsupported_token_type") == answer
    assert gateway.gateway_tokens.read(token, now=clock.now)


def test_a_token_of_wechats_dialect(provider, gateway, clock):
    """Ends, too: WeChat has no such call, and the grant is this client's."""
    made = grant(gateway, dialect="wechat", scope=("snsapi_userinfo",))
    id_, _ = gateway.grants.redeem(gateway.grants.code(made))
    access = gateway.grants.user_token(id_, now=clock.now)

    assert DONE == revoke(provider, access)
    assert 401 == provider.userinfo(access)[0]
    assert gateway.redis_store.get(f"gateway:grant:{{{id_}}}") is None


def test_with_redis_away(provider, first, gateway, monkeypatch):
    """It is not done, and says so: the client has to try again."""

    def away(*_):
        raise ServiceUnavailable

    monkeypatch.setattr(gateway.redis_store, "get", away)
    answer = revoke(provider, first["access_token"])

    assert (503, "temporarily_unavailable") == answer


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_by_post_alone(provider, method):
    """A link ends nothing."""
    assert 405 == provider.ask("/oidc/revoke", method=method)[0]
