"""The Authorization header: what it brings, and what is no such header."""

from __future__ import annotations

import base64

import pytest

from runtime.errors import InvalidClient
from runtime.web.authorization_header import (
    Basic,
    basic_of,
    bearer_of,
    challenge,
    scheme_of,
)
from runtime.web.messages import Request


def with_header(*values):
    pairs = tuple(("authorization", value) for value in values)
    return Request("GET", "/", headers=pairs)


def encoded(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc.1.2-_", "abc.1.2-_"),
        ("bearer abc", "abc"),
        ("BEARER   abc==", "abc=="),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer a b", None),
        ("Bearer a,b", None),  # FC joins two headers with a comma
        ("Bearer\tabc", None),
        ("Bearerabc", None),
        ("Basic YTpi", None),
        ("", None),
    ],
)
def test_bearer(header, token):
    """One token of RFC 6750's characters, in any case of the scheme, or none."""
    assert token == bearer_of(with_header(header))


@pytest.mark.case(77)
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"shop:secret", Basic("shop", "secret")),
        (b"shop:a:b", Basic("shop", "a:b")),
        (b"sh%3Aop:a%2Bb%25c+d%3A", Basic("sh:op", "a+b%c d:")),
        (b"%E5%BA%97:x", Basic("店", "x")),
        (b"shop", Basic("shop", "")),
        (b":", Basic("", "")),
    ],
)
def test_basic_is_form_decoded(data, expected):
    """RFC 6749 encodes both parts as in a form, so that a colon can be in the id."""
    assert expected == basic_of(with_header(f"Basic {encoded(data)}"))
    assert expected == basic_of(with_header(f"bAsIc {encoded(data)}"))


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YTpi YTpi",
        "Basic YTpi,Basic YTpi",
        "Basic YTp",
        "Basic " + encoded(b"a:\xff"),
        "Basic " + encoded(b"a:%FF"),
        "Basic YTpi\n",
    ],
)
def test_broken_basic_is_a_wrong_client(header):
    """Not the absence of one, which something else could fill."""
    with pytest.raises(InvalidClient) as caught:
        basic_of(with_header(header))

    assert (401, "invalid_client") == (caught.value.status, caught.value.code)


@pytest.mark.parametrize("values", [(), ("",), ("Bearer x",), ("Digest x",)])
def test_no_basic(values):
    """Another scheme, or no header, is none."""
    assert basic_of(with_header(*values)) is None


def test_the_challenge_is_what_the_caller_speaks():
    """Bearer, unless Basic was tried."""
    assert ("WWW-Authenticate", 'Basic realm="gateway"') == challenge(
        with_header("Basic x")
    )
    for header in ("", "Bearer x", "Digest x"):
        assert ("WWW-Authenticate", 'Bearer realm="gateway"') == challenge(
            with_header(header)
        )


def test_the_secret_is_in_no_representation():
    """What is logged by accident shows the id alone."""
    assert "hush" not in repr(Basic("shop", "hush"))
    assert "basic" == scheme_of(with_header("BASIC x"))
