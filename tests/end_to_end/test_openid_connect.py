"""An unmodified OpenID Connect client, from discovery to sign-out."""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.end_to_end.visitor import Visitor

SERVICE = "http://127.0.0.1:8090"
"""Where the demo client is registered; nobody has to listen there."""


@pytest.fixture
def metadata(host):
    return load(host.get("/.well-known/openid-configuration"))


@pytest.fixture
def client(host, metadata):
    """The library with no more than the metadata, client id and secret."""
    made = OAuth2Session(
        "demo",
        host.secret,
        scope="openid profile offline_access",
        redirect_uri=f"{SERVICE}/signed_in",
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    yield made
    made.close()


def load(answer):
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def sign_in(client, metadata, visitor, *, verifier="v" * 64):
    """Return the tokens that the library gets for a new visitor."""
    url, _ = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
    )
    query = visitor.sign_in(url, to=f"{SERVICE}/signed_in")
    assert metadata["issuer"] == query["iss"]
    return client.fetch_token(
        authorization_response=f"{SERVICE}/signed_in?{urlencode(query)}",
        code_verifier=verifier,
    )


@pytest.mark.case(88, 89, 90, 91, 96)
def test_it_signs_a_user_in(host, client, metadata):
    """The ID token is the published key's, and userinfo names the same user."""
    token = sign_in(client, metadata, Visitor(host))
    keys = KeySet.import_key_set(load(host.get(urlsplit(metadata["jwks_uri"]).path)))
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    options = {"iss": {"value": metadata["issuer"]}, "aud": {"value": "demo"}}
    params = {"nonce": "n-1", "access_token": token["access_token"]}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate()
    me = client.get(metadata["userinfo_endpoint"]).json()
    user = host.user()

    assert {"sub": user["unionid"], "name": user["nickname"]} == {
        name: me[name] for name in ("sub", "name")
    }
    assert me["sub"] == claims["sub"]
    assert "openid profile offline_access" == token["scope"]


def test_it_goes_on_by_its_refresh_token(host, client, metadata):
    """The library takes the next one by itself; one used long ago ends them all."""
    first = dict(sign_in(client, metadata, Visitor(host)))
    second = dict(client.refresh_token(metadata["token_endpoint"]))
    client.refresh_token(metadata["token_endpoint"])
    with pytest.raises(OAuthError) as caught:
        client.refresh_token(
            metadata["token_endpoint"], refresh_token=first["refresh_token"]
        )

    assert second["refresh_token"] != first["refresh_token"]
    assert "invalid_grant" == caught.value.error
    assert 401 == client.get(metadata["userinfo_endpoint"]).status_code


@pytest.mark.case(43)
def test_it_signs_the_user_out(host, client, metadata):
    """At once, by the ID token; the browser comes back with the client's state."""
    visitor = Visitor(host)
    token = sign_in(client, metadata, visitor)
    before = visitor.ask("GET", f"{host.url}/login/me").status
    wish = {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": f"{SERVICE}/",
        "state": "s-1",
    }
    url = f"{metadata['end_session_endpoint']}?{urlencode(wish)}"
    answer = visitor.ask("GET", url)

    assert (200, 303) == (before, answer.status)
    assert f"{SERVICE}/?state=s-1" == answer.headers["Location"]
    assert 401 == visitor.ask("GET", f"{host.url}/login/me").status


@pytest.mark.case(87)
def test_a_preflight_passes_the_trigger(host):
    """OPTIONS is among the methods of template.yml; nobody is known, nobody let in."""
    answer = host.http.request(
        "OPTIONS", f"{host.url}/oidc/token", headers={"Origin": SERVICE}
    )

    assert 204 == answer.status
    assert "Access-Control-Allow-Origin" not in answer.headers
