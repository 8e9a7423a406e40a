"""Formats of values: URLs of this machine, and keys that FC accepts."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from deploy.forms import is_on_this_machine, is_private_key
from tests.support.rsa_keys import loaded, private_key


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("redis://127.0.0.2:6379/0", True),
        ("redis://user:password@localhost/0", True),
        ("redis+cluster://user:password@r-1.example.com:1,[::1]:2", True),
        ("unix:///run/redis.sock", True),
        ("http://0.0.0.0:8001", True),
        ("http://wechat.localhost", True),
        ("redis://user:,localhost,@r-1.example.com:6379/0", False),
        ("redis://172.16.1.7:6379/0", False),
        ("https://localhost.example.com", False),
        ("", False),
    ],
)
def test_which_addresses_are_of_this_machine(address, expected):
    """Each host of a URL is checked, but not its password."""
    assert expected == is_on_this_machine(address)


def test_a_key_with_a_password_is_none():
    """A private key with a password is refused."""
    key = loaded(private_key())
    form = (Encoding.PEM, PrivateFormat.PKCS8)
    plain = key.private_bytes(*form, NoEncryption()).decode()
    locked = key.private_bytes(*form, BestAvailableEncryption(b"word")).decode()

    assert [True, False] == [is_private_key(plain), is_private_key(locked)]
