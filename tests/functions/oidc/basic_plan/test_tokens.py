"""The plan's modules about the token endpoint, the ID token and userinfo."""

from __future__ import annotations

import json
import re

import pytest
from joserfc import jws

from tests.support.client_sign_in import CHALLENGE, VERIFIER
from tests.support.scripted_wechat import FORM

pytestmark = pytest.mark.case(105)
LASTING = {"scope": "openid offline_access", "prompt": "consent"}


@pytest.mark.case(88, 89, 90, 91, 96)
def test_oidcc_server(party):
    """Code, token, ID token and userinfo by client_secret_basic."""
    signed_in = party.sign_in()

    assert signed_in.asked
    assert "n-1" == signed_in.claims["nonce"]
    assert "sub" in party.userinfo(signed_in.tokens)


def test_oidcc_server_client_secret_post(party):
    """The same with the secret in the body."""
    assert party.sign_in(method="client_secret_post").claims["sub"]


@pytest.mark.case(92)
def test_oidcc_idtoken_signature(party):
    """RS256, which every client knows, by a key that `kid` names."""
    tokens = party.sign_in().tokens
    header = jws.extract_compact(tokens["id_token"].encode()).headers()
    _, _, body = party.provider.ask(party.path("jwks_uri"))

    assert "RS256" == header["alg"]
    assert header["kid"] in [key["kid"] for key in json.loads(body)["keys"]]


@pytest.mark.case(94)
def test_oidcc_idtoken_unsigned(party):
    """The plan skips it: the metadata offers no `none`, and no request gets it."""
    offered = party.metadata["id_token_signing_alg_values_supported"]
    tokens = party.sign_in(id_token_signed_response_alg="none").tokens
    header, _, signature = tokens["id_token"].split(".")

    assert ["RS256"] == offered
    assert "RS256" == jws.extract_compact(tokens["id_token"].encode()).headers()["alg"]
    assert header
    assert signature


def userinfo(party, *, method, headers=(), body=b""):
    status, sent, answer = party.provider.ask(
        party.path("userinfo_endpoint"), method=method, headers=headers, body=body
    )
    assert sent["Content-Type"].startswith("application/json")
    return status, json.loads(answer)["sub"]


@pytest.mark.case(103)
def test_oidcc_userinfo_get(party):
    """The token in the header of a GET."""
    signed_in = party.sign_in()
    bearer = ("authorization", f"Bearer {signed_in.tokens['access_token']}")

    assert (200, signed_in.claims["sub"]) == userinfo(
        party, method="GET", headers=[bearer]
    )


@pytest.mark.case(103)
def test_oidcc_userinfo_post_header(party):
    """The token in the header of a POST."""
    signed_in = party.sign_in()
    bearer = ("authorization", f"Bearer {signed_in.tokens['access_token']}")

    assert (200, signed_in.claims["sub"]) == userinfo(
        party, method="POST", headers=[bearer]
    )


@pytest.mark.case(103)
def test_oidcc_userinfo_post_body(party):
    """The token in a form."""
    signed_in = party.sign_in()
    form = {"access_token": signed_in.tokens["access_token"]}

    assert (200, signed_in.claims["sub"]) == userinfo(
        party, method="POST", headers=[("content-type", FORM)], body=form
    )


@pytest.mark.case(65)
def test_oidcc_codereuse(party):
    """The second time is invalid_grant."""
    told, _ = party.back()
    first = party.redeem(told["code"])
    second = party.redeem(told["code"])

    assert 200 == first[0]
    assert (400, "invalid_grant") == (second[0], second[1]["error"])


@pytest.mark.case(65)
def test_oidcc_codereuse_30seconds(party, clock):
    """So it is half a minute later, and the first one's access token is dead."""
    told, _ = party.back()
    _, tokens = party.redeem(told["code"])
    clock.now += 30
    status, content = party.redeem(told["code"])
    bearer = [("authorization", f"Bearer {tokens['access_token']}")]
    dead, _, _ = party.provider.ask("/oidc/userinfo", headers=bearer)

    assert (400, "invalid_grant") == (status, content["error"])
    assert 401 == dead


def refresh(party, token):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return party.ask_token(form)


def test_oidcc_refresh_token(party, second, clock):
    """New tokens of the same sign-in, and only for the client that has it."""
    assert "refresh_token" in party.metadata["grant_types_supported"]
    first = party.sign_in(**LASTING)
    clock.now += 60
    status, tokens = refresh(party, first.tokens["refresh_token"])
    claims = party.checked(tokens)
    of_second = second.sign_in(**LASTING).tokens["refresh_token"]
    stolen = refresh(party, of_second)

    assert 200 == status
    assert re.fullmatch(r"[\x20-\x7e]+", first.tokens["refresh_token"])
    assert tokens["access_token"] != first.tokens["access_token"]
    for name in ("iss", "sub", "aud", "auth_time"):
        assert first.claims[name] == claims[name]
    assert first.claims["iat"] + 60 == claims["iat"]
    assert claims["sub"] == party.userinfo(tokens)["sub"]
    assert (400, "invalid_grant") == (stolen[0], stolen[1]["error"])
    assert 200 == refresh(second, of_second)[0]


def test_oidcc_ensure_request_with_valid_pkce_succeeds(party):
    """S256, from a client that would not have to."""
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}

    assert ["S256"] == party.metadata["code_challenge_methods_supported"]
    assert party.sign_in(**pkce, proof=VERIFIER).claims["sub"]
