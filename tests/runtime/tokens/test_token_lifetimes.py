"""Lifetimes of codes, grants and tokens, as the docs promise them.

Redis tells the life of a key; what is signed is checked at a time that is a parameter.
"""

from __future__ import annotations

import base64
import json

import pytest

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.sign_in.authorization_request import OIDC, WECHAT
from runtime.tokens.gateway_tokens import ExpiredToken
from runtime.tokens.grant import ExpiredUserToken, Grant, InvalidGrant
from runtime.tokens.id_tokens import BadHint
from tests.support.gateway_environ import make_environ
from tests.support.rsa_keys import oidc_key, private_key

NOW = 1_800_000_000
APPID = "wx" + "a" * 16
TWO_HOURS, THIRTY_DAYS = 7200, 30 * 86400
SLACK_MS = 2000
"""How long a test may take to look at what it has stored."""


@pytest.fixture
def environ(tmp_path, redis_server):
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)


@pytest.fixture
def gateway(settings):
    made = Gateway(settings, clock=lambda: NOW)
    secrets = [hash_secret("shop_" + "1" * 32)]
    client = {"name": "Shop", "scopes": {APPID: ["/*"]}, "secret_hashes": secrets}
    made.documents.write("clients", "shop", client, after=0)
    return made


@pytest.fixture
def lives(redis_server):
    """Tell whether the grant's keys live so many seconds, by the end of their names."""
    client = redis_server.client()

    def check(**expected):
        left = {
            key.decode().rpartition("}")[2].lstrip(":") or "grant": client.pttl(key)
            for key in client.scan_iter("gateway:grant:*")
        }
        assert left.keys() == expected.keys()
        return all(0 <= expected[name] * 1000 - left[name] <= SLACK_MS for name in left)

    yield check
    client.close()


def grant_of(dialect=OIDC, scope=("profile",)):
    return Grant(
        dialect=dialect,
        client_id="shop",
        epoch=1,
        sub="u-1",
        profile={"wechat_appid": APPID},
        auth_time=NOW,
        scope=scope,
        redirect_uri="https://shop.example.com/",
    )


@pytest.mark.parametrize(
    ("grant", "code_seconds", "grant_seconds"),
    [
        pytest.param(grant_of(), 60, TWO_HOURS, id="no refresh token"),
        pytest.param(
            grant_of(scope=("offline_access",)), 60, THIRTY_DAYS, id="refresh token"
        ),
        pytest.param(grant_of(WECHAT, ("snsapi_base",)), 300, THIRTY_DAYS, id="wechat"),
    ],
)
def test_a_code_and_then_its_grant(gateway, lives, grant, code_seconds, grant_seconds):
    """That the code was used is known as long as the grant lives."""
    code = gateway.grants.code(grant)
    assert lives(code=code_seconds)

    gateway.grants.redeem(code, revoke=grant.dialect == OIDC)
    counted = {"refresh": grant_seconds} if grant.dialect == OIDC else {}
    expected = {"code": grant_seconds, "grant": grant_seconds, **counted}
    assert lives(attempt=10, **expected)


def test_the_number_of_replacements_lives_as_long_as_the_grant(gateway, lives):
    """Without it a refresh token that was replaced would be accepted again."""
    grants = gateway.grants
    id_, _ = grants.redeem(grants.code(grant_of(scope=("offline_access",))))
    grants.rotate(id_, 0, now=NOW)

    lasting = {"code": THIRTY_DAYS, "grant": THIRTY_DAYS, "refresh": THIRTY_DAYS}
    assert lives(rotated=30, attempt=10, **lasting)


def test_a_user_token_is_valid_for_two_hours(gateway):
    """And can be revoked until then."""
    grants = gateway.grants
    id_, _ = grants.redeem(grants.code(grant_of()))
    token = grants.user_token(id_, now=NOW)

    assert grants.read(token, now=NOW + TWO_HOURS).id == id_
    assert grants.named_by(token, now=NOW + TWO_HOURS)[0] == id_
    with pytest.raises(ExpiredUserToken):
        grants.read(token, now=NOW + TWO_HOURS + 1)
    assert grants.named_by(token, now=NOW + TWO_HOURS + 1) is None


def test_a_refresh_token_is_valid_for_thirty_days(gateway):
    """And can be revoked until then."""
    grants = gateway.grants
    id_, _ = grants.redeem(grants.code(grant_of(scope=("offline_access",))))
    token = grants.refresh_token(id_, now=NOW)

    assert grants.of_refresh_token(token, now=NOW + THIRTY_DAYS).id == id_
    assert grants.named_by(token, now=NOW + THIRTY_DAYS)[0] == id_
    with pytest.raises(InvalidGrant):
        grants.of_refresh_token(token, now=NOW + THIRTY_DAYS + 1)
    assert grants.named_by(token, now=NOW + THIRTY_DAYS + 1) is None


def test_a_gateway_token_is_valid_for_two_hours(gateway):
    """As long as WeChat's own."""
    tokens = gateway.gateway_tokens
    token = tokens.issue(gateway.registry.client("shop"), APPID, now=NOW)

    assert tokens.read(token, now=NOW + TWO_HOURS).client_id == "shop"
    with pytest.raises(ExpiredToken):
        tokens.read(token, now=NOW + TWO_HOURS + 1)


def test_an_id_token_is_valid_for_ten_minutes_and_a_hint_for_thirty_days(gateway):
    """The thirty days begin when it has expired."""
    token = gateway.id_tokens.issue(
        "shop", sub="u-1", claims={}, now=NOW, auth_time=NOW
    )
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    end = NOW + 600 + THIRTY_DAYS

    assert claims["exp"] == NOW + 600
    assert gateway.id_tokens.hint(token, now=end) == claims
    with pytest.raises(BadHint):
        gateway.id_tokens.hint(token, now=end + 1)
