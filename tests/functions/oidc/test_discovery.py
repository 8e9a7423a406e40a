"""Provider metadata and keys, which a client reads by itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from functions.oidc import index
from functions.oidc.grant_types import GRANT_TYPES
from runtime.gateway import Gateway
from runtime.tokens.claims import claims_of
from runtime.tokens.oidc_keys import OidcKeys
from template.served import read_template
from tests.support.company import PROFILE
from tests.support.handles import oidc as handle
from tests.support.provider import ISSUER, Provider, grant
from tests.support.routes_of_template import function_at
from tests.support.rsa_keys import private_key, public_key
from tests.support.scripted_wechat import ask, change
from tests.test_import_rules import ROOT

METADATA = "/.well-known/openid-configuration"


@pytest.fixture
def metadata(provider):
    return json.loads(provider.ask(METADATA)[2])


@pytest.mark.case(88)
@pytest.mark.parametrize("path", [METADATA, "/oidc" + METADATA])
def test_the_issuer_is_the_setting_letter_by_letter(provider, gateway, path):
    """And the one in an ID token is the same."""
    status, headers, body = provider.ask(path)
    issued = provider.tokens()["id_token"]
    hint = gateway.id_tokens.hint(issued, now=gateway.clock())

    assert (200, ISSUER) == (status, json.loads(body)["issuer"])
    assert hint["iss"] == json.loads(body)["issuer"]
    assert "application/json" == headers["Content-Type"]


@pytest.mark.case(88)
def test_an_issuer_with_a_path(settings, clock):
    """Every address is beneath it, the metadata's own too; no slash at the end."""
    issuer = "https://example.com/wechat"
    beneath = replace(settings, public_base_url=issuer)
    response = handle(ask(path=METADATA), Gateway(beneath, clock=clock))
    content = json.loads(response.body)
    addresses = {name: text for name, text in content.items() if "endpoint" in name}

    assert issuer == content["issuer"]
    assert f"{issuer}/oidc/jwks" == content["jwks_uri"]
    assert 6 == len([url for url in addresses.values() if str(url).startswith(issuer)])


@pytest.mark.parametrize("path", ["", "/wechat", "/other"])
def test_the_same_for_oauth(provider, settings, clock, path):
    """RFC 8414: an issuer's path may follow, and no other one."""
    name = "/.well-known/oauth-authorization-server"
    here = provider.ask(name)
    issuer = "https://example.com/wechat"
    beneath = Gateway(replace(settings, public_base_url=issuer), clock=clock)
    status, _, body = Provider(beneath).ask(name + path)

    assert provider.ask(METADATA)[1:] == here[1:]
    assert (404 if path == "/other" else 200) == status
    assert path == "/other" or issuer == json.loads(body)["issuer"]
    assert 404 == provider.ask(name + "/wechat")[0]


@pytest.mark.case(96)
def test_what_it_says_is_true(metadata):
    """Endpoints that answer, grants that there are, the issuer in every answer."""
    paths = [route.pattern for route in index.ROUTES]
    endpoints = [
        url.removeprefix(f"{ISSUER}/oidc")
        for name, url in metadata.items()
        if name.endswith("_endpoint") or name == "jwks_uri"
    ]

    assert 7 == len(endpoints)
    assert [
        each for each in endpoints if not any(p.fullmatch(each) for p in paths)
    ] == []
    assert set(GRANT_TYPES) == set(metadata["grant_types_supported"])
    assert metadata["authorization_response_iss_parameter_supported"] is True


def test_what_it_cannot_do(metadata):
    """The metadata offers only RS256, no request objects, no implicit flow."""
    never = ("request_parameter", "request_uri_parameter", "claims_parameter")

    assert ["RS256"] == metadata["id_token_signing_alg_values_supported"]
    assert (["code"], ["query", "form_post"]) == (
        metadata["response_types_supported"],
        metadata["response_modes_supported"],
    )
    assert ["S256"] == metadata["code_challenge_methods_supported"]
    assert [{"client_secret_basic", "client_secret_post", "none"}] * 2 == [
        set(metadata[f"{name}_endpoint_auth_methods_supported"])
        for name in ("token", "revocation")
    ]
    assert {False} == {metadata[f"{name}_supported"] for name in never}


def test_what_a_client_is_told_stands_in_claims_supported(provider, gateway, metadata):
    """Each claim of the widest scope, and none that never comes."""
    scope = tuple(metadata["scopes_supported"])
    change(gateway, "clients", "other", openids=True)
    access_token = provider.tokens("other", scope=scope)["access_token"]
    told = set(provider.userinfo(access_token)[2])
    for client_id in ("demo", "private"):
        issued = provider.tokens(client_id, scope=scope)["id_token"]
        told |= set(gateway.id_tokens.hint(issued, now=gateway.clock()))
    member = grant(gateway, profile=PROFILE, scope=scope)
    told |= set(claims_of(gateway.registry.client("demo"), member, gateway.registry))

    assert told == set(metadata["claims_supported"])


def test_the_domain_leads_there():
    """The metadata stands at the root, where clients look for it."""
    template = read_template(ROOT / "template.yml")

    assert ("oidc", METADATA) == function_at(template, METADATA)


@pytest.mark.case(92, 93, 122)
def test_the_keys(provider, gateway):
    """All that verify, and nothing that signs."""
    gateway.oidc_keys = OidcKeys({1: public_key(1), 2: private_key(2)})
    status, headers, body = provider.ask("/oidc/jwks")
    keys = json.loads(body)["keys"]

    assert (200, 2) == (status, len(keys))
    assert [{"kty", "n", "e", "use", "alg", "kid"}] * 2 == [set(key) for key in keys]
    assert "application/json" == headers["Content-Type"]


@pytest.mark.parametrize("path", [METADATA, "/oidc/jwks"])
def test_a_cache_may_keep_it_for_an_hour(provider, path):
    """For everybody, by origin; HEAD answers the same without the body."""
    _, headers, _ = provider.ask(path)
    status, by_head, body = provider.ask(path, method="HEAD")

    assert "public, max-age=3600" == headers["Cache-Control"]
    assert "Origin" == headers["Vary"]
    assert (200, headers, b"") == (status, by_head, body)


@pytest.mark.parametrize("path", [METADATA, "/oidc/jwks"])
def test_without_a_key_it_says_what_is_missing(provider, gateway, path):
    """501, by the name of the setting, kept by no cache."""
    gateway.oidc_keys = OidcKeys(None)
    status, headers, body = provider.ask(path)
    content = json.loads(body)

    assert (501, "oidc_not_configured") == (status, content["error"])
    assert "OIDC_KEY" in content["error_description"]
    assert "no-store" == headers["Cache-Control"]
