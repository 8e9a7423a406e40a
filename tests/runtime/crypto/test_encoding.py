"""Encodings: their bytes stand in Redis keys, tokens and stored documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.crypto.encoding import base64url, from_base64url, sha256_hex


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xfb\xff", "-_8")],
)
def test_base64url_has_no_padding(data, text):
    """RFC 4648, 10, in the alphabet of its section 5."""
    assert text == base64url(data)
    assert data == from_base64url(text)


@given(data=st.binary())
def test_base64url_comes_back(data):
    """Whatever is encoded is decoded to the same."""
    assert data == from_base64url(base64url(data))


@pytest.mark.parametrize("text", ["A", "AAAAA", "\u00e9", "\u4f60\u597d"])
def test_malformed_base64url(text):
    """A ValueError, which every caller turns into its own refusal."""
    with pytest.raises(ValueError, match=r"base64|ASCII"):
        from_base64url(text)


def test_a_hash_is_what_sha256sum_prints():
    """FIPS 180-4's example, a Chinese name, and half of a surrogate pair."""
    assert sha256_hex("abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert sha256_hex("\u5f20") == (
        "f56a049fcc23f1ebfce1fdd64cb24f4055bc519acf2e910ae39d43083a1cecf6"
    )
    assert 64 == len(sha256_hex("\ud800"))
