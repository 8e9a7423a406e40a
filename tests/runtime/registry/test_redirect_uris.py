"""Redirect URIs: only those that every parser reads in the same way."""

from __future__ import annotations

import pytest

from runtime.registry.client_secrets import hash_secret
from runtime.registry.models import Client, is_registered
from runtime.registry.schema import InvalidDocument, client_document

CLIENT = {"name": "Orders", "scopes": {}, "secret_hashes": [hash_secret("orders_1")]}


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/callback",
        "https://app.example.com",
        "https://app.example.com:8443/a/b?tenant=1&x=%E4%BD%A0",
        "http://127.0.0.1:3000/callback",
        "http://localhost:80/callback",
        "http://[::1]:3000/",
        "https://app.example.com/cb?codex=1&my_state=2",
        "https://app.example.com/#/cb",
        "https://app.example.com/app?a=1#!/cb?code=1",
    ],
)
def test_a_redirect_uri_that_is_taken(uri):
    """https anywhere, http on loopback, a query of its own, a hash route."""
    document = client_document("orders", {**CLIENT, "redirect_uris": [uri]})

    assert [uri] == document["redirect_uris"]


@pytest.mark.case(25)
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://app.example.com/# x", id="blank in the fragment"),
        pytest.param("https://app.example.com/#/*", id="wildcard in the fragment"),
        pytest.param("http://app.example.com/#/cb", id="http with a fragment"),
        pytest.param("https://*.example.com/#/cb", id="wildcard before a fragment"),
        pytest.param("#/cb", id="only a fragment"),
        pytest.param("https://*.example.com/cb", id="wildcard host"),
        pytest.param("https://app.example.com/*", id="wildcard path"),
        pytest.param("https://user@app.example.com/cb", id="user"),
        pytest.param("https://user:pass@app.example.com/cb", id="password"),
        pytest.param("https://app.example.com\\@evil.example/", id="backslash"),
        pytest.param("/callback", id="relative"),
        pytest.param("//app.example.com/cb", id="no scheme"),
        pytest.param("https:app.example.com", id="no slashes"),
        pytest.param("https:///cb", id="no host"),
        pytest.param("http://app.example.com/cb", id="http"),
        pytest.param("http://127.0.0.1.evil.example/", id="nearly loopback"),
        pytest.param("http://localhost.evil.example/", id="nearly localhost"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("javascript://app.example.com/%0aalert(1)", id="javascript host"),
        pytest.param("com.example.app:/cb", id="own scheme of a web service"),
        pytest.param("https://App.example.com/cb", id="upper case"),
        pytest.param("https://app.example.com/a b", id="blank"),
        pytest.param("https://app.example.com/cb\n", id="line end"),
        pytest.param(" https://app.example.com/cb", id="blank in front"),
        pytest.param("https://app.example.com/%zz", id="half encoded"),
        pytest.param("https://app.example.com/你", id="not ASCII"),
        pytest.param("https://app.example.com:0/cb", id="port 0"),
        pytest.param("https://app.example.com:99999/cb", id="port too high"),
        pytest.param("https://[::1/cb", id="broken bracket"),
        pytest.param("https://app.example.com/" + "a" * 500, id="too long"),
        pytest.param("", id="empty"),
        pytest.param(5, id="number"),
    ],
)
def test_a_redirect_uri_that_is_refused(uri):
    """What a browser could read otherwise, or what would carry a code elsewhere."""
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        message = refused(**{field: ["https://app.example.com/ok", uri]})

        assert message.startswith(f"{field} number 2 must ")
        assert len(str(uri)) < 10 or uri not in message


@pytest.mark.case(25)
@pytest.mark.parametrize("uri", ["https://app.example.com/#/x", "http://[::1]:1/#"])
def test_a_fragment_is_only_for_clients_of_wechats_protocol(uri):
    """A public client has only OpenID Connect, which forbids it; a sign-out has too."""
    message = refused(redirect_uris=[uri], public=True, secret_hashes=[])

    assert message == (
        "redirect_uris number 1 must have no fragment, since the client is public."
    )
    assert "no user, fragment or *" in refused(post_logout_redirect_uris=[uri])


@pytest.mark.parametrize(
    "uri",
    [
        "com.example.app:/cb",
        "com.example.app://signed_in/cb?a=1",
        "app.example-2.com:/",
    ],
)
def test_an_app_may_have_a_scheme_of_its_own(uri):
    """RFC 8252, 7.1: of a native client, whose codes only a verifier redeems."""
    fields = {"redirect_uris": [uri], "native": True}
    document = client_document("orders", {**CLIENT, **fields})
    client = Client("orders", "Orders", {}, (), redirect_uris=(uri,), native=True)

    assert document["redirect_uris"] == [uri]
    assert is_registered(client, uri)
    assert not is_registered(client, f"{uri}x")
    for missing in ({"native": False}, {"pkce": "optional"}):
        assert refused(**{**fields, **missing}) == (
            "redirect_uris number 1 must be https: only a native client with pkce has "
            "its own scheme."
        )


@pytest.mark.case(25)
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("myapp:/cb", id="no period"),
        pytest.param("myapp://cb", id="no period and a host"),
        pytest.param("javascript:/x.y", id="period behind the scheme"),
        pytest.param("com.example.app:cb", id="no slash"),
        pytest.param("com.example.app:/cb#x", id="fragment"),
        pytest.param("com.example.app:/*", id="wildcard"),
        pytest.param("com.example.app:/cb\n", id="line end"),
        pytest.param("Com.Example.App:/cb", id="upper case"),
        pytest.param(".example:/cb", id="period in front"),
        pytest.param("com..app:/cb", id="two periods"),
        pytest.param("com.example.app:/cb?state=1", id="our word"),
        pytest.param("com.example.app:/cb?a=1&c%6Fde=2", id="our word, encoded"),
    ],
)
def test_what_is_no_scheme_of_an_app(uri):
    """No scheme that anything else understands, and nothing but an exact URI."""
    assert refused(redirect_uris=[uri], native=True).startswith("redirect_uris number")


@pytest.mark.case(28)
@pytest.mark.parametrize(
    "query",
    [
        *("code=1", "a=1&state", "st%61te=1", "iss=x", "error=", "a=1&code=2&code=3"),
        "code=1#/cb",
    ],
)
def test_what_we_add_stands_in_no_query(query):
    """Or a client might read its own word for our answer."""
    message = refused(redirect_uris=[f"https://app.example.com/cb?{query}"])

    assert message == (
        "redirect_uris number 1 must not have code or state or iss or error "
        "in its query."
    )


def test_after_a_sign_out_only_the_state_is_added():
    """Nothing else is lost to a client's own address."""
    taken = "https://app.example.com/bye?code=1"
    document = client_document(
        "orders", {**CLIENT, "post_logout_redirect_uris": [taken]}
    )

    assert [taken] == document["post_logout_redirect_uris"]
    message = refused(post_logout_redirect_uris=["https://app.example.com/?state=1"])
    assert message.startswith("post_logout_redirect_uris number 1 must not have state")


def test_an_app_signs_out_to_a_scheme_of_its_own():
    """By the rules of its callback URL; a code in the query is its own."""
    uri = "com.example.app:/bye?code=1"
    fields = {"post_logout_redirect_uris": [uri], "native": True}
    document = client_document("orders", {**CLIENT, **fields})

    assert [uri] == document["post_logout_redirect_uris"]
    for missing in ({"native": False}, {"pkce": "optional"}):
        assert refused(**{**fields, **missing}) == (
            "post_logout_redirect_uris number 1 must be https: only a native client "
            "with pkce has its own scheme."
        )
    for bad in ("myapp:/bye", "com.example.app:/bye?state=1", "com.example.app:/#x"):
        message = refused(post_logout_redirect_uris=[bad], native=True)
        assert message.startswith("post_logout_redirect_uris number 1 must ")


@pytest.mark.case(26)
@pytest.mark.parametrize("site", ["http://127.0.0.1", "http://[::1]"])
@pytest.mark.parametrize("rest", ["/callback?a=1", "/", ""])
def test_without_a_port_a_native_client_is_answered_on_any(site, rest):
    """A URI registered without a port matches any port, for native clients only."""
    fields = {**CLIENT, "redirect_uris": [site + rest], "native": True}
    document = client_document("orders", fields)
    client = Client(
        "orders", "Orders", {}, (), redirect_uris=(site + rest,), native=True
    )

    assert [site + rest] == document["redirect_uris"]
    assert is_registered(client, f"{site}:49152{rest}")
    assert "redirect_uris number 1 must have a port: without one it stands for any" in (
        refused(redirect_uris=[site + rest])
    )


@pytest.mark.case(26)
@pytest.mark.parametrize("port", ["", ":3000"])
def test_localhost_is_no_name_for_a_native_client(port):
    """It is whatever the machine's resolver says."""
    uris = ["https://app.example.com/cb", f"http://localhost{port}/cb"]

    assert refused(redirect_uris=uris, native=True) == (
        "redirect_uris number 2 must be 127.0.0.1 or [::1], since the client is native."
    )


def refused(**fields):
    with pytest.raises(InvalidDocument) as caught:
        client_document("orders", {**CLIENT, **fields})
    return caught.value.message
