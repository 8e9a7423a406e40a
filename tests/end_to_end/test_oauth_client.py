"""An unmodified OAuth client library against the token endpoint."""

from __future__ import annotations

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session


@pytest.fixture
def session(host):
    """Make a session of the demo client that authenticates in this way."""
    made = []

    def run(method, *, secret=None, scope=None):
        session = OAuth2Session(
            "demo",
            secret or host.secret,
            scope=scope,
            token_endpoint_auth_method=method,
            token_endpoint=f"{host.url}/oidc/token",
        )
        made.append(session)
        return session

    yield run
    for each in made:
        each.close()


@pytest.fixture
def appid(host):
    return host.app("service")["appid"]


BOTH = pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])


@BOTH
def test_it_fetches_a_token_and_calls_wechat(host, session, appid, method):
    """The library sends the token as Bearer, and WeChat answers."""
    client = session(method, scope="/cgi-bin/user/*")
    token = client.fetch_token(grant_type="client_credentials", appid=appid)
    answer = client.get(f"{host.url}/wechat_api/{appid}/cgi-bin/user/get")
    refused = client.get(f"{host.url}/wechat_api/{appid}/cgi-bin/menu/get")

    assert ("Bearer", "/cgi-bin/user/*") == (token["token_type"], token["scope"])
    assert 7200 == token["expires_in"]
    assert (200, True) == (answer.status_code, answer.json()["total"] > 0)
    assert 403 == refused.status_code


@BOTH
def test_it_understands_a_refusal(session, appid, method):
    """The error and its description reach the caller as OAuth's."""
    wrong = session(method, secret="demo_" + "0" * 32)
    with pytest.raises(OAuthError) as caught:
        wrong.fetch_token(grant_type="client_credentials", appid=appid)

    assert "invalid_client" == caught.value.error
    assert caught.value.description == "The client id or the client secret is wrong."


@BOTH
def test_a_scope_that_is_not_the_clients(session, appid, method):
    """invalid_scope, in the library's own exception."""
    client = session(method, scope="openid")
    with pytest.raises(OAuthError) as caught:
        client.fetch_token(grant_type="client_credentials", appid=appid)

    assert "invalid_scope" == caught.value.error
