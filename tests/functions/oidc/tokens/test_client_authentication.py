"""Client authentication: each client has one way to prove itself."""

from __future__ import annotations

import pytest

from runtime.registry.client_secrets import hash_secret
from runtime.registry.models import Client
from tests.support.provider import CODE, SECRETS, make_code
from tests.support.scripted_wechat import SERVICE, basic, change

GRANT = {"grant_type": "client_credentials", "appid": SERVICE}
WRONG = (401, "invalid_client")


def said(answer):
    return answer[0], answer[2].get("error")


@pytest.mark.case(79)
@pytest.mark.parametrize(
    ("client_id", "more"),
    [
        ("page", {"client_secret": SECRETS["demo"]}),
        ("page", {"client_secret": "page_" + "1" * 32}),
        ("demo", {}),
        ("nobody", {}),
        ("../apps/demo", {}),
        ("", {}),
    ],
)
def test_the_proof_that_a_client_has(provider, gateway, client_id, more):
    """A public client sends none, others their secret; all else is refused."""
    code = make_code(gateway, "page")
    form = {**CODE, "code": code, "client_id": client_id, **more}

    assert WRONG == said(provider.token(form, client=None))


@pytest.mark.case(79)
@pytest.mark.parametrize("secret", ["", "page_" + "1" * 32])
def test_a_public_client_sends_no_basic(provider, gateway, secret):
    """Not even an empty secret; its code stays good for the right form."""
    code = make_code(gateway, "page")
    header = [("authorization", basic("page", secret))]
    answer = provider.token({**CODE, "code": code}, client=None, headers=header)

    assert WRONG == said(answer)
    assert 200 == provider.redeem(code, client=None, client_id="page")[0]


@pytest.mark.case(126)
def test_a_disabled_public_client(provider, gateway):
    """It has nothing but its name, and that is no longer good."""
    code = make_code(gateway, "page")
    change(gateway, "clients", "page", disabled=True)
    answer = provider.redeem(code, client=None, client_id="page")

    assert WRONG == said(answer)


def test_a_public_client_acts_for_nobody_but_users(provider):
    """Only confidential clients may call WeChat's API."""
    answer = provider.token({**GRANT, "client_id": "page"}, client=None)

    assert (400, "unauthorized_client") == said(answer)


@pytest.mark.case(127)
def test_two_secrets_are_good_while_one_is_changed(provider, gateway):
    """The old one and the new one, each by Basic."""
    new = "demo_" + "9" * 32
    hashes = [hash_secret(SECRETS["demo"]), hash_secret(new)]
    change(gateway, "clients", "demo", secret_hashes=hashes)
    header = [("authorization", basic("demo", new))]

    assert 200 == provider.token(GRANT)[0]
    assert 200 == provider.token(GRANT, client=None, headers=header)[0]


@pytest.mark.case(86)
def test_an_unknown_client_takes_the_path_of_a_wrong_secret(provider, monkeypatch):
    """One hash is made and compared for either, and the words are the same."""
    compared = []
    owns = Client.owns

    def counting(client, secret):
        compared.extend(secret for _ in client.secret_hashes)
        return owns(client, secret)

    monkeypatch.setattr(Client, "owns", counting)
    wrong = {"demo": "demo_" + "0" * 32, "nobody": "nobody_" + "0" * 32}
    answers = [
        provider.token(GRANT, client=None, headers=[("authorization", basic(*who))])
        for who in wrong.items()
    ]
    words = [content["error_description"] for _, _, content in answers]

    assert [WRONG, WRONG] == [said(answer) for answer in answers]
    assert list(wrong.values()) == compared
    assert words[0] == words[1]
