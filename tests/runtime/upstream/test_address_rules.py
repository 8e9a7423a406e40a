"""Rules of addresses: global ones, allowed networks, and what is never allowed."""

import pytest

from runtime.upstream.address_rules import is_private_to, may_call, parse_networks

PRIVATE = parse_networks("127.0.0.0/8, 10.0.0.0/8, ::1/128, fd00::/8")
EVERYTHING = parse_networks("0.0.0.0/0,::/0")


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::",
    ],
)
def test_a_global_address(address):
    assert may_call(address, ())
    assert not is_private_to(address, PRIVATE)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "::1",
        "fd12::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_an_address_of_an_allowed_network(address):
    """Only where the setting allows it, in whatever form of IPv6 it is carried."""
    assert not may_call(address, ())
    assert may_call(address, PRIVATE)
    assert is_private_to(address, PRIVATE)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::ffff:100.100.100.200",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.1",
        "::",
    ],
)
def test_an_address_that_no_setting_allows(address):
    assert not may_call(address, EVERYTHING)


@pytest.mark.parametrize(
    "address",
    [
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "2001::1",
        "64:ff9b:1::808:808",
        "fc00::1",
    ],
)
def test_an_address_that_is_not_global(address):
    """Refused by default, whatever this version's `ipaddress` says of it."""
    assert not may_call(address, ())
    assert may_call(address, EVERYTHING)


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/33", "example.com", "10/8 ::"]
)
def test_a_list_that_holds_no_networks(text):
    with pytest.raises(ValueError, match=r"network|host bits|permitted"):
        parse_networks(text)


def test_an_empty_list_of_networks():
    assert () == parse_networks(" ") == parse_networks(",")
