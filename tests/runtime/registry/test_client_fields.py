"""Fields of a client that signs users in, and their contradictions."""

from __future__ import annotations

import pytest

from runtime.registry.client_secrets import hash_secret
from runtime.registry.schema import InvalidDocument, client_document

HASH = hash_secret("orders_1")
CLIENT = {"name": "Orders", "scopes": {}, "secret_hashes": [HASH]}
PUBLIC = {**CLIENT, "secret_hashes": [], "public": True}


@pytest.mark.parametrize(
    "home",
    [
        "https://app.example.com",
        "https://app.example.com/start?from=%E5%BE%AE#/orders/1",
        "http://127.0.0.1:8090/",
        "http://localhost/",
    ],
)
def test_a_home_that_is_taken(home):
    """A page's own route stands behind the #."""
    assert home == client_document("orders", {**CLIENT, "home": home})["home"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("public", 1),
        ("native", "yes"),
        ("pkce", "plain"),
        ("pkce", True),
        ("home", "http://app.example.com/"),
        ("home", "javascript:alert(1)"),
        ("home", "//app.example.com/"),
        ("home", "/start"),
        ("home", "https://user@app.example.com/"),
        ("home", "https://app.example.com/\\evil"),
        ("home", "https://app.example.com/#a b"),
        ("home", 'https://app.example.com/#"><script>'),
        ("home", "https://app.example.com/#" + "a" * 512),
        ("home", ["https://app.example.com/"]),
        ("home", None),
        ("subject_type", "private"),
        ("pairwise_salt", "0" * 31),
        ("pairwise_salt", "G" * 32),
        ("snapshot_users", "allow"),
        ("page_qr", "yes"),
        ("account_qr", "yes"),
        ("backchannel_logout_uri", "/logout"),
        ("backchannel_logout_uri", "https://app.example.com/out#fragment"),
        ("backchannel_logout_uri", "https://user@app.example.com/out"),
        ("backchannel_logout_uri", "javascript:alert(1)"),
        ("backchannel_logout_uri", ["https://app.example.com/out"]),
        ("backchannel_logout_session_required", "yes"),
        ("confirm", "scan"),
        ("email_domain", "Example.com"),
        ("email_domain", "me@example.com"),
        ("email_domain", "example.com\n"),
        ("email_domain", ""),
        ("js_domains", "app.example.com"),
        ("js_domains", ["*.example.com"]),
        ("js_domains", ["app.example.com:8443"]),
        ("redirect_uris", "https://app.example.com/cb"),
        ("redirect_uris", ["https://app.example.com/cb"] * 2),
        ("post_logout_redirect_uris", ["/bye"]),
    ],
)
def test_a_malformed_field(field, value):
    """It is named, and its value is not repeated."""
    error = refused(CLIENT, field, value)

    assert field == error.field
    assert len(str(value)) < 10 or str(value) not in error.message


@pytest.mark.parametrize(
    ("client", "field", "value"),
    [
        pytest.param(PUBLIC, "secret_hashes", [HASH], id="public with a secret"),
        pytest.param(CLIENT, "secret_hashes", [], id="no secret, and not public"),
        pytest.param(PUBLIC, "pkce", "optional", id="public without PKCE"),
        pytest.param(
            CLIENT,
            "backchannel_logout_session_required",
            True,
            id="a session for nobody",
        ),
        pytest.param(
            {**CLIENT, "page_qr": True}, "account_qr", True, id="two QR codes"
        ),
    ],
)
@pytest.mark.case(74)
def test_a_public_client_proves_a_code_by_pkce_alone(client, field, value):
    """It has no secret and cannot do without PKCE; any other one has a secret."""
    assert field == refused(client, field, value).field


@pytest.mark.parametrize("allow", ["known", ["staff"]])
def test_a_tap_is_enough_only_where_everybody_may_come(allow):
    """Whoever talks a user into a tap would be signed in as one of the few."""
    for fields in ({"confirm": "tap"}, {"confirm": "digits", "allow": allow}):
        made = client_document("orders", {**CLIENT, **fields})
        assert fields.items() <= made.items()
    with pytest.raises(InvalidDocument) as caught:
        client_document("orders", {**CLIENT, "confirm": "tap", "allow": allow})

    assert "confirm" == caught.value.field


def test_what_a_public_client_is():
    """The same fields, with a secret or with none."""
    for fields in (PUBLIC, {**PUBLIC, "pkce": "required"}, {**CLIENT, "public": False}):
        assert fields == client_document("orders", fields)


def test_pairwise_names_need_their_salt():
    """It is required by name, and may stay where it is not needed any more."""
    pairwise = {**CLIENT, "subject_type": "pairwise"}
    salted = {**pairwise, "pairwise_salt": "0" * 32}

    assert "pairwise_salt" == refused(CLIENT, "subject_type", "pairwise").field
    for fields in (salted, {**salted, "subject_type": "public"}):
        assert fields == client_document("orders", fields)


def refused(client, field, value):
    with pytest.raises(InvalidDocument) as caught:
        client_document("orders", {**client, field: value})
    assert caught.value.message.startswith(caught.value.field)
    return caught.value
