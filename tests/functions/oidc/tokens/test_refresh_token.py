"""Refresh tokens: replaced at each use; one that comes again too late ends them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.crypto.signing import Signer
from runtime.sign_in.sign_outs import SignOuts
from runtime.tokens.grant_store import GrantStore
from runtime.tokens.id_tokens import IdTokens
from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS
from tests.support.provider import ISSUER, UNIONID, grant, make_code
from tests.support.scripted_wechat import FORM, basic, change
from tests.support.signed_out import sign_out_at

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


class TestLeeway:
    """For 30 s after a rotation the token before the newest gets the newest again."""

    def test_one_that_comes_twice_gets_the_same(self, provider, first, clock):
        """The same refresh token, whenever it is signed, and it is good."""
        _, _, second = refresh(provider, first["refresh_token"])
        clock.now += 20
        status, _, again = refresh(provider, first["refresh_token"])
        claims = provider.userinfo(again["access_token"])

        assert (200, 200) == (status, claims[0])
        assert second["refresh_token"] == again["refresh_token"]
        assert 200 == refresh(provider, again["refresh_token"])[0]

    def test_of_many_at_once_all_get_the_same(self, provider, first):
        """Sixteen tabs come with the same one."""
        with ThreadPoolExecutor(16) as pool:
            ask = [first["refresh_token"]] * 16
            answers = list(pool.map(lambda token: refresh(provider, token), ask))

        assert {200} == {status for status, _, _ in answers}
        assert 1 == len({content["refresh_token"] for _, _, content in answers})

    def test_it_lasts_thirty_seconds(self, provider, first, rotated, redis_server):
        """By Redis' own clock; later it was stolen, and all tokens end."""
        _, _, second = refresh(provider, first["refresh_token"])
        with redis_server.client() as client:
            assert 29_000 < client.pttl(rotated()) <= 30_000
            client.pexpire(rotated(), 1000)
            assert 200 == refresh(provider, first["refresh_token"])[0]
            # A repetition does not prolong it.
            assert 0 < client.pttl(rotated()) <= 1000
            client.pexpire(rotated(), 0)

        assert_ended(provider, first, second)

    @pytest.mark.parametrize(("leeway", "expected"), [(60, 200), (0.05, 400)])
    def test_it_ends_by_itself(self, provider, gateway, leeway, expected):
        """A short one is over after its time, a long one is not."""
        keys = Signer(gateway.settings.token_secrets, purpose="refresh_token")
        gateway.grants = make_grants(gateway, keys, leeway_seconds=leeway)
        first = provider.tokens(scope=LASTING)
        refresh(provider, first["refresh_token"])
        time.sleep(0.2)

        assert expected == refresh(provider, first["refresh_token"])[0]

    def test_a_clock_that_was_set_back_does_not_prolong_it(
        self, provider, first, rotated, redis_server
    ):
        """What ends later than a leeway can is void."""
        _, _, second = refresh(provider, first["refresh_token"])
        with redis_server.client() as client:
            client.pexpire(rotated(), 3_600_000)

        assert_ended(provider, first, second)

    def test_not_after_the_next_one_was_used(self, provider, first):
        """Who has the newest token does not need an older one."""
        _, _, second = refresh(provider, first["refresh_token"])
        _, _, third = refresh(provider, second["refresh_token"])

        assert_ended(provider, first, second, third)

    def test_only_the_one_before_the_newest(self, provider, first):
        """The second one is still good while the third was not used, the first not."""
        _, _, second = refresh(provider, first["refresh_token"])
        _, _, third = refresh(provider, second["refresh_token"])
        _, _, again = refresh(provider, second["refresh_token"])

        assert third["refresh_token"] == again["refresh_token"]
        assert_ended(provider, first, second, third)

    def test_another_client(self, provider, first):
        """It is refused, and the client goes on."""
        _, _, second = refresh(provider, first["refresh_token"])
        token = first["refresh_token"]

        assert REFUSED == said(refresh(provider, token, client="other"))
        assert 200 == refresh(provider, token)[0]
        assert 200 == refresh(provider, second["refresh_token"])[0]

    def test_not_after_a_revocation(self, provider, first):
        """The client has revoked the tokens: none comes back."""
        _, _, second = refresh(provider, first["refresh_token"])
        status, _, _ = provider.ask(
            "/oidc/revoke",
            method="POST",
            headers=[("content-type", FORM), ("authorization", basic())],
            body={"token": second["refresh_token"]},
        )

        assert 200 == status
        assert_ended(provider, first, second)

    def test_not_after_a_sign_out(self, provider, first, gateway, clock):
        """The operator has signed the user out everywhere."""
        _, _, second = refresh(provider, first["refresh_token"])
        sign_out_at(gateway, UNIONID, clock.now)

        assert_ended(provider, first, second)

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_a_lost_count_ends_the_grant(self, provider, first, redis_server, number):
        """Before the first refresh, and after it: no replaced token comes to life."""
        made = [first]
        for _ in range(number):
            made.append(refresh(provider, made[-1]["refresh_token"])[2])
        with redis_server.client() as client:
            (count,) = client.keys("gateway:grant:*:refresh")
            client.delete(count)

        assert_ended(provider, *reversed(made))

    def test_a_count_that_went_back_ends_the_grant(self, provider, first, redis_server):
        """A failover has lost the last rotation: the token is ahead of the count."""
        _, _, second = refresh(provider, first["refresh_token"])
        with redis_server.client() as client:
            (count,) = client.keys("gateway:grant:*:refresh")
            client.set(count, 0, keepttl=True)

        assert_ended(provider, second, first)

    @pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
    def test_a_key_that_changes_in_between(self, gateway, keys):
        """The next token is made by the key that made it before, where it is known."""
        secrets = {1: b"t" * 32, 2: b"u" * 32}
        signers = [
            Signer({1: secrets[1], newest: secrets[newest]}, purpose="refresh_token")
            for newest in keys
        ]
        made = [make_grants(gateway, each) for each in signers]
        now = gateway.clock()
        id_, _ = made[0].redeem(made[0].code(grant(gateway, scope=LASTING)))
        told = [each.rotate(id_, 0, now=now + later) for later, each in enumerate(made)]

        assert made[0].of_refresh_token(told[0], now=now).number == 1
        assert made[1].of_refresh_token(told[1], now=now).number == 1
        if keys == (1, 2):
            assert told[0] == told[1]


class TestRollingUpgrade:
    """Version 0.1.0 runs beside this one: its keys, and its scripts on ours."""

    def test_a_grant_of_the_old_version(self, provider, first, redis_server):
        """It has no count until its first refresh, and is good for one."""
        with redis_server.client() as client:
            (count,) = client.keys("gateway:grant:*:refresh")
            key = count[: -len(":refresh")]
            client.delete(count)
            text = client.get(key).replace(b', "counted": true', b"")
            client.set(key, text, keepttl=True)
        status, _, second = refresh(provider, first["refresh_token"])

        assert 200 == status
        assert 200 == refresh(provider, first["refresh_token"])[0]
        assert 200 == refresh(provider, second["refresh_token"])[0]

    def test_the_old_version_goes_on_with_ours(self, provider, first, redis_server):
        """It counts our count on, and a token that it replaced has no leeway."""
        status, _, second = refresh(provider, first["refresh_token"])
        with redis_server.client() as client:
            (count,) = client.keys("gateway:grant:*:refresh")
            key = count[: -len(":refresh")]
            number = client.eval(ROTATE_0_1_0, 3, key, key + b":code", count, 1)

        assert (200, 2) == (status, number)
        assert_ended(provider, second)

    def test_the_old_version_sees_a_spent_code(self, provider, gateway, redis_server):
        """A code that was redeemed here is spent there."""
        code = make_code(gateway, scope=LASTING)
        provider.redeem(code)
        with redis_server.client() as client:
            (found,) = client.keys("gateway:grant:*:code")

            assert b"spent" == client.get(found)


ROTATE_0_1_0 = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local number = tonumber(redis.call('GET', KEYS[3]) or '0')
if number ~= tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('SET', KEYS[3], number + 1, 'PX', redis.call('PTTL', KEYS[1]))
return number + 1
"""


@pytest.fixture
def rotated(redis_server):
    """Return the key that lives as long as the leeway."""

    def find():
        with redis_server.client() as client:
            (key,) = client.keys("gateway:grant:*:rotated")
            return key

    return find


def make_grants(gateway, signer, **more):
    """Return grants with one signer for all that they sign."""
    return GrantStore(
        gateway.redis_store,
        gateway.registry,
        codes=signer,
        user_tokens=signer,
        refresh_tokens=signer,
        sign_outs=SignOuts(gateway.redis_store, seconds=60),
        **more,
    )


def assert_ended(provider, *made):
    """Check that each refresh token is refused, and that no access token is left."""
    for tokens in made:
        assert REFUSED == said(refresh(provider, tokens["refresh_token"]))
    for tokens in made:
        assert 401 == provider.userinfo(tokens["access_token"])[0]


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
    """Thirty seconds later it is expired."""
    clock.now += REFRESH_TOKEN_SECONDS + after

    assert expected == refresh(provider, first["refresh_token"])[0]


def test_a_client_uses_only_its_own(provider, first):
    """Another client's token is refused, and stays valid for its own client."""
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
    sign_out_at(gateway, UNIONID, clock.now)

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
