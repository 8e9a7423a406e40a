"""Grants in Redis: the codes of flows, what is stored, and answers that are lost."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.signing import Signer
from runtime.errors import FlowExpired
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from runtime.sign_in.authorization_request import OIDC
from runtime.sign_in.sign_outs import SignOuts
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.tokens.grant import Grant
from runtime.tokens.grant_store import GrantStore
from tests.support.relay import Relay

NOW = 1_800_000_000
APPID = "wx" + "a" * 16
GRANT = Grant(
    dialect=OIDC,
    client_id="shop",
    epoch=1,
    sub="u-1",
    profile={"wechat_appid": APPID, "name": "张三"},
    auth_time=NOW,
    scope=("offline_access",),
    redirect_uri="https://shop.example.com/",
)


@pytest.fixture
def gateway(settings):
    made = Gateway(settings, clock=lambda: NOW)
    secrets = [hash_secret("shop_" + "1" * 32)]
    client = {"name": "Shop", "scopes": {APPID: ["/*"]}, "secret_hashes": secrets}
    made.documents.write("clients", "shop", client, after=0)
    return made


def make_grants(gateway, url, *, keys=None):
    """Return a store of grants on a connection of its own."""
    store = RedisStore(lambda: connect(url))
    signers = {
        name: Signer(keys or {1: b"k" * 32}, purpose=name)
        for name in ("codes", "user_tokens", "refresh_tokens")
    }
    sign_outs = SignOuts(store, seconds=3600)
    return GrantStore(store, gateway.registry, sign_outs=sign_outs, **signers)


@pytest.fixture
def grants(gateway, redis_server):
    return make_grants(gateway, redis_server.url)


def test_a_flow_has_one_code(grants):
    """A repeated callback gets it again; no other flow has it."""
    code, entry = grants.make_code(GRANT, flow="state-1")

    assert (code, entry) == grants.make_code(GRANT, flow="state-1")
    assert code == grants.code_of("state-1", key=grants.newest_key)
    assert code != grants.code_of("state-2", key=grants.newest_key)
    assert 43 == len(code)


def test_a_flow_keeps_its_code_when_keys_change(gateway, redis_server, grants):
    """While the key that made it is known; then the flow is over."""
    both = make_grants(gateway, redis_server.url, keys={1: b"k" * 32, 2: b"n" * 32})
    new = make_grants(gateway, redis_server.url, keys={2: b"n" * 32})

    assert (1, 2) == (grants.newest_key, both.newest_key)
    assert grants.code_of("state-1", key=1) == both.code_of("state-1", key=1)
    assert both.code_of("state-1", key=2) == both.make_code(GRANT, flow="state-1")[0]
    with pytest.raises(FlowExpired):
        new.code_of("state-1", key=1)


def test_a_code_without_a_flow_is_random(grants):
    """43 characters each, never the same twice."""
    codes = {grants.code(GRANT) for _ in range(20)}

    assert 20 == len(codes)
    assert {43} == {len(code) for code in codes}


def test_the_stored_grant(grants, redis_server):
    """A life in ms, a space, and JSON in UTF-8: another version has to read it."""
    grants.code(GRANT)
    client = redis_server.client()
    (key,) = client.keys("gateway:grant:*:code")
    life, _, text = client.get(key).partition(b" ")

    assert str(30 * 86400 * 1000).encode() == life
    assert '"name": "张三"'.encode() in text
    assert "shop" == json.loads(text)["client_id"]


def test_the_newest_key_signs_refresh_tokens(gateway, redis_server, grants):
    """And those of before are still accepted."""
    both = make_grants(gateway, redis_server.url, keys={1: b"k" * 32, 2: b"n" * 32})
    id_, _ = grants.redeem(grants.code(GRANT))
    old, new = (each.refresh_token(id_, now=NOW) for each in (grants, both))

    assert ("1", "2") == (old.split(".")[1], new.split(".")[1])
    assert [id_, id_] == [both.of_refresh_token(t, now=NOW).id for t in (old, new)]


def test_an_access_token_has_no_number(grants):
    """Only refresh tokens are counted."""
    id_, _ = grants.redeem(grants.code(GRANT))
    third = grants.refresh_token(id_, now=NOW, number=3)

    assert 0 == grants.read(grants.user_token(id_, now=NOW), now=NOW).number
    assert 3 == grants.of_refresh_token(third, now=NOW).number


@pytest.mark.parametrize("step", ["redeem", "rotate"])
def test_an_answer_that_was_lost(gateway, redis_server, step):
    """The step is repeated and gives what it gave: no second use, nothing revoked."""
    with Relay(redis_server.port) as proxy:
        grants = make_grants(gateway, proxy.url)
        code = grants.code(GRANT)
        if step == "redeem":
            proxy.begin(swallow=1)
        id_, _ = grants.redeem(code)
        if step == "rotate":
            proxy.begin(swallow=1)
        token = grants.rotate(id_, 0, now=NOW)

        assert proxy.swallowed
        assert 1 == grants.of_refresh_token(token, now=NOW).number
