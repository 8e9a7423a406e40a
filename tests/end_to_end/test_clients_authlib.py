"""Authlib's client, unmodified, signs users in by OpenID Connect."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.base_client.sync_app import BaseApp, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

from tests.end_to_end.client_registration import BACK, HOME, register_client
from tests.end_to_end.visitor import Visitor

SCOPE = "openid profile offline_access"
METHODS = ("client_secret_basic", "client_secret_post", "none")


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib's integrations for web frameworks are made of."""

    client_cls = OAuth2Session


@pytest.fixture(scope="module")
def clients(host):
    """A client with a secret, and one without."""
    secretive = register_client(host, "Authlib")
    public = register_client(host, "Authlib page", "--public")
    return dict(zip(METHODS, (secretive, secretive, public), strict=True))


@pytest.fixture(params=METHODS)
def app(request, host, clients):
    """The library, told the issuer, the client and how it proves itself."""
    client = clients[request.param]
    kind = {"token_endpoint_auth_method": request.param}
    return App(
        None,
        client_id=client["client_id"],
        client_secret=client.get("secret"),
        server_metadata_url=f"{host.url}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", **kind},
    )


@pytest.fixture
def visitor(host):
    return Visitor(host)


def sign_in(app, visitor, **changes):
    """Return the tokens and the claims that the library has checked."""
    asked = app.create_authorization_url(BACK)
    back = visitor.sign_in(asked["url"], to=BACK)
    token = app.fetch_access_token(
        BACK,
        authorization_response=f"{BACK}?{urlencode(back)}",
        state=asked["state"],
        **{"code_verifier": asked["code_verifier"], **changes},
    )
    return token, app.parse_id_token(token, asked["nonce"])


@pytest.mark.case(88, 89, 90, 91, 92, 96)
def test_a_user_signs_in(host, app, visitor):
    """By discovery, PKCE and the published keys; userinfo tells the same."""
    token, claims = sign_in(app, visitor)
    userinfo = app.userinfo(token=token)
    user = host.user()

    assert app.server_metadata["issuer"] == host.url == claims["iss"]
    assert user["unionid"] == claims["sub"] == userinfo["sub"]
    assert user["nickname"] == claims["name"] == userinfo["name"]


def test_a_token_that_ends_is_refreshed_by_itself(app, visitor):
    """The library sees that it is old, and goes on with a new pair."""
    token, claims = sign_in(app, visitor)
    kept = []
    metadata = app.load_server_metadata()
    session = OAuth2Session(
        app.client_id,
        app.client_secret,
        token={**token, "expires_at": 1},
        token_endpoint=metadata["token_endpoint"],
        update_token=lambda new, **_: kept.append(dict(new)),
        **app.client_kwargs,
    )
    with session:
        userinfo = session.get(metadata["userinfo_endpoint"]).json()
    (new,) = kept

    assert claims["sub"] == userinfo["sub"]
    assert token["refresh_token"] != new["refresh_token"]
    assert claims["auth_time"] == app.parse_id_token(new, None)["auth_time"]


def test_a_sign_out(host, app, visitor):
    """The ID token takes the user past the question, back to the client."""
    token, _ = sign_in(app, visitor)
    asked = app.create_logout_url(HOME, id_token_hint=token["id_token"])
    before = visitor.ask("GET", f"{host.url}/login/me").status
    location = visitor.ask("GET", asked["url"]).headers["Location"]

    assert location.startswith(HOME)
    assert asked["state"] == dict(parse_qsl(urlsplit(location).query))["state"]
    after = visitor.ask("GET", f"{host.url}/login/me").status
    assert (200, 401) == (before, after)


@pytest.mark.parametrize("given_back", ["access_token", "refresh_token"])
def test_tokens_are_given_back(app, visitor, given_back):
    """The library's own call; afterwards neither token is good."""
    token, _ = sign_in(app, visitor)
    metadata = app.load_server_metadata()
    more = {"token_type_hint": given_back}
    with OAuth2Session(app.client_id, app.client_secret, **app.client_kwargs) as by:
        url = metadata["revocation_endpoint"]
        answer = by.revoke_token(url, token[given_back], **more)
        userinfo = by.get(
            metadata["userinfo_endpoint"],
            withhold_token=True,
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        with pytest.raises(OAuthError, match="invalid_grant"):
            by.refresh_token(metadata["token_endpoint"], token["refresh_token"])

    assert (200, 401) == (answer.status_code, userinfo.status_code)


@pytest.mark.case(69)
def test_a_wrong_verifier(app, visitor):
    """Whoever has the code alone has nothing; the library is told."""
    with pytest.raises(OAuthError) as caught:
        sign_in(app, visitor, code_verifier="w" * 43)

    assert "invalid_grant" == caught.value.error
