"""Products under their preset, played as their source code or documentation reads.

No product runs here; tests/clients runs JupyterHub and mod_auth_openidc, but neither
Grafana nor Gitea nor oauth2-proxy. Each sends what is said of it below, and nothing
else: the parameters, the way of its secret, and what it needs to be told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from runtime.operations.verbs import operation
from tests.support.client_sign_in import CHALLENGE, VERIFIER, Visit, query_of
from tests.support.provider import Provider
from tests.support.scripted_wechat import FORM, SERVICE, WEBSITE, basic, header

pytestmark = pytest.mark.usefixtures("willing")

URL = "https://product.example.com"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass(frozen=True)
class Product:
    """What it sends to authorize besides a state, and the claims that it needs."""

    scope: str
    sends: dict
    needs: tuple[str, ...]
    by_basic: bool = True
    reads_id_token: bool = True


# golang.org/x/oauth2 tries Basic first, with both parts form-encoded.
PRODUCTS = {
    # pkg/login/social: api_url is userinfo; without an e-mail address it refuses.
    "grafana": Product(
        "openid profile email groups",
        PKCE,
        ("sub", "name", "email", "preferred_username"),
        reads_id_token=False,
    ),
    # markbates/goth, openidConnect: neither nonce nor PKCE; sub has to be the same.
    "gitea": Product("profile email groups openid", {}, ("sub", "nickname", "email")),
    # providers/oidc.go: nonce and, by its option, PKCE.
    "oauth2-proxy": Product(
        "openid profile email groups",
        {"nonce": "n" * 43, **PKCE},
        ("email",),
    ),
    # oauthenticator/oauth2.py: the secret in the form.
    "jupyterhub": Product(
        "openid profile",
        PKCE,
        ("preferred_username",),
        by_basic=False,
        reads_id_token=False,
    ),
    # Its default: a nonce, no PKCE.
    "mod_auth_openidc": Product(
        "openid profile", {"nonce": "n" * 43}, ("preferred_username",)
    ),
}


@pytest.fixture
def added(gateway):
    """Return a function that adds a client by a preset."""

    def run(name, **more):
        arguments = {"name": "Product", "client_id": "product", "preset": name}
        arguments |= {"url": URL, "scopes": {SERVICE: [], WEBSITE: []}, **more}
        return operation("client", "add").run(gateway, arguments)

    return run


def asked(client, product, **changes):
    uri = client["redirect_uris"][0]
    pairs = {"client_id": "product", "redirect_uri": uri, "response_type": "code"}
    pairs |= {"scope": product.scope, "state": "s" * 44, **product.sends, **changes}
    return {name: value for name, value in pairs.items() if value is not None}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_signs_a_user_in(gateway, added, name):
    """From its own request to the claims that it needs."""
    product, client = PRODUCTS[name], added(name, allow="anyone")
    visit, provider = Visit(gateway), Provider(gateway)
    answer = visit.agree(visit.authorize(asked(client, product)))
    told = query_of(header(answer, "Location"))
    assert told["state"] == "s" * 44
    form = {"grant_type": "authorization_code", "code": told["code"]}
    form["redirect_uri"] = client["redirect_uris"][0]
    if "code_challenge" in product.sends:
        form["code_verifier"] = VERIFIER
    who = ("product", client["secret"])
    if not product.by_basic:
        form |= {"client_id": who[0], "client_secret": who[1]}
    proof = [("authorization", basic(*map(quote, who)))] if product.by_basic else []
    status, _, body = provider.ask(
        "/oidc/token",
        method="POST",
        headers=[("content-type", FORM), *proof],
        body=form,
    )
    tokens = json.loads(body)
    assert status == 200, tokens
    _, _, claims = provider.userinfo(tokens["access_token"])
    if product.reads_id_token:
        hint = gateway.id_tokens.hint(tokens["id_token"], now=gateway.clock())
        assert hint["sub"] == claims["sub"]
        assert hint["aud"] == "product"
        assert hint.get("nonce") == product.sends.get("nonce")

    assert [each for each in product.needs if not claims.get(each)] == []


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_stranger_is_not_admitted(gateway, added, name):
    """By default only whom an operator has entered."""
    visit = Visit(gateway, headers=())
    client = added(name)
    visit.headers = (("user-agent", "MicroMessenger"),)
    answer = visit.agree(visit.authorize(asked(client, PRODUCTS[name])))

    assert query_of(header(answer, "Location"))["error"] == "access_denied"


@pytest.mark.case(74)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("grafana", "use_pkce = true."),
        ("oauth2-proxy", "S256. If it has no PKCE: manage.py client update product"),
        ("jupyterhub", "c.GenericOAuthenticator.enable_pkce = True."),
    ],
)
def test_what_is_missing_is_named(gateway, added, caplog, name, words):
    """For the developer at the client, and for the operator in the log."""
    caplog.set_level("INFO")
    changes = dict.fromkeys(PKCE)
    client = added(name)
    answer = Visit(gateway).authorize(asked(client, PRODUCTS[name], **changes))
    told = query_of(header(answer, "Location"))

    assert (told["error"], told["state"]) == ("invalid_request", "s" * 44)
    assert words in told["error_description"]
    assert [f"/oidc: product: {told['error_description']}"] == [
        each.partition(" ")[2] for each in caplog.messages if "/oidc" in each
    ]


@pytest.mark.case(70, 71)
def test_where_pkce_is_optional_a_nonce_is_not(gateway, added):
    """RFC 9700, 2.1.1; a challenge will do, and plain OAuth has no ID token."""
    product, client = PRODUCTS["mod_auth_openidc"], added("mod_auth_openidc")

    def answer(**changes):
        location = header(Visit(gateway).authorize(asked(client, product, **changes)))
        return query_of(location)

    def header(response):
        return dict(response.headers)["Location"]

    told = answer(nonce=None)
    assert (told["error"], told["state"]) == ("invalid_request", "s" * 44)
    assert "nonce" in told["error_description"]
    assert "error" not in answer(nonce=None, **PKCE)
    assert "error" not in answer(nonce=None, scope="profile")
