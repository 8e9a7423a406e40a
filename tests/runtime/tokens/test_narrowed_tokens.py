"""Gateway tokens with fewer scopes: never more than the client's."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.crypto.signing import Signer
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.registry.registry import Registry
from runtime.tokens.gateway_tokens import (
    LONGEST,
    Caller,
    GatewayTokens,
    InvalidScope,
    in_scope,
)

NOW = 1_800_000_000.0
APPID = "wx0123456789abcdef"
CLIENT = {
    "name": "Shop",
    "scopes": {APPID: ["/cgi-bin/user/*", "/cgi-bin/menu/get", "token:read"]},
    "secret_hashes": [],
}
SIGNER = Signer({1: b"t" * 32}, purpose="access_token")


@pytest.fixture
def documents(tmp_path):
    documents = Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))
    documents.write("clients", "shop", CLIENT, after=0)
    return documents


@pytest.fixture
def issue(documents):
    """Issue a token with these scopes and read it."""
    registry = Registry(documents)
    tokens = GatewayTokens(SIGNER, registry)

    def run(narrowed):
        client = registry.client("shop")
        text = tokens.issue(client, APPID, now=NOW, narrowed=narrowed)
        return text, tokens.read(text, now=NOW)

    return run


def test_only_a_narrowed_token_has_a_fourth_field(issue):
    """A token of old and one without a scope are the same, byte by byte."""
    payloads = [
        json.loads(SIGNER.verify(issue(narrowed)[0], now=NOW, max_age=60))
        for narrowed in (None, ["/cgi-bin/user/get"])
    ]

    assert [["shop", APPID, 1], ["shop", APPID, 1, ["/cgi-bin/user/get"]]] == payloads


def test_both_have_to_allow(issue):
    """The token's own scopes and the client's."""
    _, caller = issue(["/cgi-bin/user/tag/*"])

    assert Caller(
        "shop", APPID, tuple(CLIENT["scopes"][APPID]), ("/cgi-bin/user/tag/*",)
    ) == (caller)
    assert caller.allows("/cgi-bin/user/tag/get")
    assert not caller.allows("/cgi-bin/user/get")
    assert not caller.allows("token:read")


def test_what_the_client_loses_the_token_loses(issue, documents):
    """And what the client gains, the token does not."""
    text, _ = issue(["/cgi-bin/user/*"])
    scopes = {APPID: ["/cgi-bin/user/get", "/cgi-bin/menu/*"]}
    documents.write("clients", "shop", {**CLIENT, "scopes": scopes}, after=1)
    caller = GatewayTokens(SIGNER, Registry(documents)).read(text, now=NOW)

    assert caller.allows("/cgi-bin/user/get")
    assert not caller.allows("/cgi-bin/user/info")
    assert not caller.allows("/cgi-bin/menu/get")


def test_a_token_without_any_scope_opens_nothing(issue):
    """An empty list is a narrowing, not the absence of one."""
    _, caller = issue([])

    assert not caller.allows("/cgi-bin/user/get")
    assert not caller.allows("token:read")


@pytest.mark.parametrize(
    "scope",
    [
        "/*",
        "*",
        "/cgi-bin/*",
        "/cgi-bin/user*",
        "/cgi-bin/menu/*",
        "/cgi-bin/menu/get2",
        "/CGI-BIN/user/get",
        "token:*",
        "token:read2",
        "token",
        "",
    ],
)
def test_a_scope_outside_the_clients_is_refused(issue, scope):
    """Nothing is taken away in silence."""
    with pytest.raises(InvalidScope) as caught:
        issue(["/cgi-bin/user/get", scope])

    assert (400, "invalid_scope") == (caught.value.status, caught.value.code)


def test_a_token_stays_within_its_length(issue):
    """As many characters as WeChat's own may have; more are refused, not cut."""
    scopes = ["/cgi-bin/user/" + "x" * 280, "/cgi-bin/user/" + "x" * 300]

    assert LONGEST - 40 < len(issue(scopes[:1])[0]) <= LONGEST == 512
    with pytest.raises(InvalidScope):
        issue(scopes[1:])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("token:read", True), ("*", False), ("token:*", False), ("/*", False)],
)
def test_no_pattern_stands_for_the_word(pattern, expected):
    """Whoever has all paths has not the real token."""
    assert expected == in_scope("token:read", [pattern])
