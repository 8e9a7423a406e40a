"""id_token_hint beyond the plan: no other user is accepted (Core, 3.1.2.2)."""

from __future__ import annotations

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from tests.support.client_sign_in import GRANTED
from tests.support.scripted_wechat import change

OTHER = {**GRANTED, "openid": "o-2", "unionid": "u-2"}


@pytest.fixture
def meet(wechat):
    """Let these users, one after the other, come to WeChat after the first one."""

    def run(*users):
        wechat.script("/sns/oauth2/access_token", *users)

    return run


@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
def test_who_is_named_is_answered_at_once(party, gateway, subject_type):
    """By the name that the client has for the user."""
    names = {"subject_type": subject_type, "pairwise_salt": "5a" * 16}
    change(gateway, "clients", "demo", **names)
    hint = party.sign_in().tokens["id_token"]

    assert not party.sign_in(id_token_hint=hint, prompt="none").asked


@pytest.mark.case(97)
def test_somebody_else_is_signed_in(party, meet):
    """prompt=none is login_required, and without it WeChat is asked."""
    meet(OTHER, GRANTED)
    hint = party.sign_in().tokens["id_token"]
    party.sign_in(prompt="login")
    told, _ = party.back(id_token_hint=hint, prompt="none")
    again = party.sign_in(id_token_hint=hint)

    assert "login_required" == told["error"]
    assert again.asked
    assert GRANTED["unionid"] == again.claims["sub"]


def test_somebody_else_signs_in(party, meet):
    """The client does not learn the other user, however often the callback comes."""
    meet(OTHER)
    hint = party.sign_in().tokens["id_token"]
    begun = party.begin(id_token_hint=hint, prompt="login")
    for _ in range(2):
        told = party.told(party.browser.agree(begun))

        assert {"error": "login_required", "state": "s-1", "iss": told["iss"]} == told
    assert OTHER["unionid"] == party.sign_in(prompt="none").claims["sub"]


def cut(hint):
    """The same without its signature."""
    return hint.rpartition(".")[0] + "."


def by_a_secret(hint):
    """The same payload, signed by a key that nobody published."""
    payload = jws.extract_compact(hint.encode()).payload
    key = OctKey.import_key(b"s" * 32)
    return jws.serialize_compact({"alg": "HS256"}, payload, key, ["HS256"])


@pytest.mark.case(94)
@pytest.mark.parametrize("forge", [cut, by_a_secret, str.upper])
def test_what_is_no_id_token_of_ours(party, forge):
    """The client is told, and nobody is asked anything."""
    hint = forge(party.sign_in().tokens["id_token"])
    told, asked = party.back(id_token_hint=hint)

    assert ("invalid_request", False) == (told["error"], asked)


def test_an_id_token_of_another_client(party, second):
    """A client cannot use another client's ID token."""
    hint = second.sign_in().tokens["id_token"]

    assert "invalid_request" == party.back(id_token_hint=hint)[0]["error"]
