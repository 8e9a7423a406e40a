"""The address that a limit counts: no header that a caller writes decides it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.web.client_address import client_address

PEER = "192.0.2.1"


def address(forwarded=None, *, peer=PEER, hops=0):
    """Return whom a request with this X-Forwarded-For counts for."""
    return client_address(peer, forwarded_for=forwarded, trusted_hops=hops)


@pytest.mark.case(115)
@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        (None, 0, PEER),
        ("203.0.113.9", 0, PEER),
        ("203.0.113.9, 198.51.100.7", 0, PEER),
        (None, 1, PEER),
        ("", 1, PEER),
        ("198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9,198.51.100.7,10.0.0.1", 2, "198.51.100.7"),
        ("198.51.100.7", 2, PEER),
        ("203.0.113.9, not an address", 1, PEER),
        ("203.0.113.9, 198.51.100.7:80", 1, PEER),
        ("203.0.113.9,", 1, PEER),
        ("203.0.113.9, 2001:db8:1:2:3::4", 1, "2001:db8:1:2::/64"),
    ],
)
def test_the_hop_that_is_trusted_decides(forwarded, hops, expected):
    """Counted from the right; junk and what is missing is the peer."""
    assert expected == address(forwarded, hops=hops)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:DB8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_one_caller_has_one_address(peer, expected):
    """All of an IPv6 network's addresses are one caller's, and so is a mapped IPv4."""
    assert expected == address(peer=peer)


@pytest.mark.case(115)
@given(st.text(max_size=60), st.integers(0, 9))
def test_whatever_stands_further_left(text, hops):
    """With so many good entries on the right, no text in front changes anything."""
    right = ",".join(f"198.51.100.{number}" for number in range(hops))
    expected = "198.51.100.0" if hops else PEER

    assert expected == address(f"{text},{right}" if hops else text, hops=hops)
