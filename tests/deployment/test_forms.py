"""Formats of values: URLs of this machine."""

from __future__ import annotations

import pytest

from deploy.forms import is_on_this_machine


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
