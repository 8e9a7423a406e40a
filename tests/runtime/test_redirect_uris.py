"""Where codes may be sent: addresses that mean the same to everybody who reads them."""

from __future__ import annotations

import pytest

from runtime.registration import RegistrationError, client_document
from runtime.registry import hash_secret

CLIENT = {"name": "Orders", "scopes": {}, "secret_hashes": [hash_secret("orders_1")]}


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/callback",
        "https://app.example.com",
        "https://app.example.com:8443/a/b?tenant=1&x=%E4%BD%A0",
        "http://127.0.0.1:3000/callback",
        "http://localhost/callback",
        "http://[::1]:3000/",
    ],
)
def test_a_redirect_uri_that_is_taken(uri):
    """https anywhere, http on loopback, a query of its own."""
    document = client_document("orders", {**CLIENT, "redirect_uris": [uri]})

    assert [uri] == document["redirect_uris"]


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://app.example.com/#x", id="fragment"),
        pytest.param("https://app.example.com/#", id="empty fragment"),
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
        pytest.param("com.example.app:/cb", id="own scheme"),
        pytest.param("https://App.example.com/cb", id="upper case"),
        pytest.param("https://app.example.com/a b", id="blank"),
        pytest.param("https://app.example.com/cb\n", id="line end"),
        pytest.param(" https://app.example.com/cb", id="blank in front"),
        pytest.param("https://app.example.com/%zz", id="half encoded"),
        pytest.param("https://app.example.com/你", id="not ASCII"),
        pytest.param("https://app.example.com:0/cb", id="port 0"),
        pytest.param("https://app.example.com:99999/cb", id="port too high"),
        pytest.param("https://app.example.com/?code=1", id="code"),
        pytest.param("https://app.example.com/?a=1&state", id="state"),
        pytest.param("https://app.example.com/?st%61te=1", id="encoded state"),
        pytest.param("https://app.example.com/?iss=x", id="iss"),
        pytest.param("https://[::1/cb", id="broken bracket"),
        pytest.param("https://app.example.com/" + "a" * 500, id="too long"),
        pytest.param("", id="empty"),
        pytest.param(5, id="number"),
    ],
)
def test_a_redirect_uri_that_is_refused(uri):
    """What a browser could read otherwise, or what would carry a code elsewhere."""
    fields = {**CLIENT, "redirect_uris": ["https://app.example.com/ok", uri]}

    with pytest.raises(RegistrationError) as caught:
        client_document("orders", fields)
    message = caught.value.message
    assert message.startswith("redirect_uris number 2 must ")
    assert len(str(uri)) < 10 or uri not in message
