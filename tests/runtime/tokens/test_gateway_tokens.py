"""Gateway tokens: a forged, expired or withdrawn one opens nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.crypto.envelope import Envelope
from runtime.crypto.signing import Signer
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.registry.registry import Registry
from runtime.tokens.gateway_tokens import (
    GATEWAY_TOKEN_SECONDS,
    Caller,
    ExpiredToken,
    GatewayTokens,
    InvalidScope,
    InvalidToken,
    in_scope,
)

NOW = 1_800_000_000.0
APPID = "wx0123456789abcdef"
CLIENT = {"name": "Shop", "scopes": {APPID: ["/cgi-bin/user/*"]}, "secret_hashes": []}


@pytest.fixture
def documents(tmp_path):
    documents = Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))
    documents.write("clients", "shop", CLIENT, after=0)
    return documents


def make_tokens(documents, *, keys=None, purpose="access_token"):
    signer = Signer(keys or {1: b"t" * 32}, purpose=purpose)
    return GatewayTokens(signer, Registry(documents))


@pytest.fixture
def tokens(documents):
    return make_tokens(documents)


@pytest.fixture
def token(tokens, documents):
    return tokens.issue(Registry(documents).client("shop"), APPID, now=NOW)


def test_what_was_issued_is_read(tokens, token):
    """A token says client and app, until 7200 seconds have gone."""
    expected = Caller("shop", APPID, ("/cgi-bin/user/*",))

    assert expected == tokens.read(token, now=NOW)
    assert expected == tokens.read(token, now=NOW + GATEWAY_TOKEN_SECONDS)


def test_it_fits_where_wechats_fits(token):
    """WeChat bids callers to keep 512 characters for a token."""
    assert len(token) <= 512
    assert token.isascii()


@pytest.mark.parametrize(("length", "is_issued"), [(512, True), (513, False)])
def test_the_longest(tokens, documents, length, is_issued):
    """A token of 512 characters is issued, one of 513 is not."""
    client = replace(Registry(documents).client("shop"), scopes_by_app={APPID: ("/*",)})
    short = len(f'["shop","{APPID}",1,["/"]]')
    scope = "/" + "a" * ((length - 57) * 3 // 4 - short)
    try:
        token = tokens.issue(client, APPID, now=NOW, narrowed=[scope])
    except InvalidScope:
        token = ""

    assert is_issued == (length == len(token))


def test_for_an_app_without_scopes(tokens, documents):
    """No scope can be asked for, and a token that was issued before allows nothing."""
    client = Registry(documents).client("shop")
    other = "wx" + "1" * 16
    with pytest.raises(InvalidScope):
        tokens.issue(client, other, now=NOW, narrowed=["/cgi-bin/user/info"])
    caller = tokens.read(tokens.issue(client, other, now=NOW), now=NOW)

    assert Caller("shop", other, ()) == caller
    assert not caller.allows("/cgi-bin/user/info")


def test_expired(tokens, token):
    """A token that was good once is told so, in WeChat's code."""
    with pytest.raises(ExpiredToken) as caught:
        tokens.read(token, now=NOW + GATEWAY_TOKEN_SECONDS + 1)

    assert (42001, 401) == (caught.value.errcode, caught.value.status)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: "A" + token,
        lambda token: token.replace(".1800000000.", ".1800000001."),
        lambda token: token.replace(".1.", ".2."),
        lambda token: "\ud800" + token,
        lambda token: "74_kQ" + "x" * 120,  # as WeChat's own look
    ],
)
def test_forged(tokens, token, change):
    """A token that we did not make is invalid, in WeChat's code."""
    with pytest.raises(InvalidToken) as caught:
        tokens.read(change(token), now=NOW)

    assert InvalidToken is caught.type
    assert (40001, 401) == (caught.value.errcode, caught.value.status)


@pytest.mark.parametrize("purpose", ["form", "", "access_token2"])
def test_signed_for_something_else(tokens, documents, purpose):
    """The same secrets sign forms, too: such text is no token."""
    client = Registry(documents).client("shop")
    other = make_tokens(documents, purpose=purpose)

    with pytest.raises(InvalidToken):
        tokens.read(other.issue(client, APPID, now=NOW), now=NOW)


def test_from_the_future(tokens, token):
    """A token dated ahead of our clock is invalid, and not merely early."""
    with pytest.raises(InvalidToken):
        tokens.read(token, now=NOW - 61)


def test_rotated_secrets(documents, token):
    """A token lives on under a new secret and dies with its own."""
    both = {1: b"t" * 32, 2: b"u" * 32}

    assert "shop" == make_tokens(documents, keys=both).read(token, now=NOW).client_id
    with pytest.raises(InvalidToken):
        make_tokens(documents, keys={2: b"u" * 32}).read(token, now=NOW)


@pytest.mark.parametrize("change", [{"epoch": 2}, {"disabled": True}])
def test_withdrawn(tokens, token, documents, change):
    """A new epoch or a disabled client ends all its tokens at once."""
    documents.write("clients", "shop", {**CLIENT, **change}, after=1)

    with pytest.raises(InvalidToken):
        tokens.read(token, now=NOW)


def test_of_a_client_that_is_gone(documents, tmp_path, token):
    """A token of a client that nobody knows any more is invalid."""
    elsewhere = Documents(FolderStore(tmp_path / "other"), Envelope({1: b"m" * 32}))

    with pytest.raises(InvalidToken):
        make_tokens(elsewhere).read(token, now=NOW)


def test_it_holds_no_secret(token, documents):
    """The payload can be read by anybody, and says nothing but what it allows."""
    signer = Signer({1: b"t" * 32}, purpose="access_token")
    payload = signer.verify(token, now=NOW, max_age=60)

    assert f'["shop","{APPID}",1]'.encode() == payload


@pytest.mark.parametrize(
    ("path", "patterns", "expected"),
    [
        ("/cgi-bin/user/info", ["/cgi-bin/user/info"], True),
        ("/cgi-bin/user/info", ["/cgi-bin/user/*"], True),
        ("/cgi-bin/user/info", ["/*"], True),
        ("/cgi-bin/user/info", ["/cgi-bin/menu/*", "/cgi-bin/user/*"], True),
        ("/cgi-bin/user/tag/get", ["/cgi-bin/user/*"], True),
        ("/cgi-bin/user/", ["/cgi-bin/user/*"], True),
        ("/cgi-bin/user", ["/cgi-bin/user/*"], False),
        ("/cgi-bin/users", ["/cgi-bin/user"], False),
        ("/cgi-bin/user/info/x", ["/cgi-bin/user/info"], False),
        ("/cgi-bin/user/info", ["/cgi-bin/*/info"], False),
        ("/cgi-bin/user/info", ["/cgi-bin/user/inf?"], False),
        ("/cgi-bin/user/info", ["/CGI-BIN/*"], False),
        ("/cgi-bin/user/info", [""], False),
        ("/cgi-bin/user/info", [], False),
    ],
)
def test_scope(path, patterns, expected):
    """A pattern is the path itself, or its beginning before a final star."""
    assert expected == in_scope(path, patterns)
    assert expected == Caller("c", APPID, tuple(patterns)).allows(path)
