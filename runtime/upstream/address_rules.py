"""Rules of addresses: which machines an address in a document may lead to.

A document is written by an operator, often with a URL that somebody else gave. Without
rules such a URL could make the gateway call what only it can reach: Redis, the bucket,
the metadata of its machine, a service that trusts the network.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORBIDDEN = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local, and the metadata of most clouds
            "100.100.100.200/32",  # the metadata of Aliyun
            "fd00:ec2::254/128",  # the metadata of AWS
            "fe80::/10",
            "224.0.0.0/4",
            "ff00::/8",
            "0.0.0.0/8",
            "::/128",
        ),
    )
)
"""Networks that no setting allows."""

_NOT_GLOBAL = tuple(
    map(
        ip_network,
        # What the `ipaddress` of CPython 3.10 takes for global, or some versions do.
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23"),
    )
)

_CARRIERS = tuple(
    (ip_network(network), shift)
    for network, shift in (
        ("::ffff:0:0/96", 0),  # IPv4-mapped
        ("::/96", 0),  # IPv4-compatible, deprecated
        ("64:ff9b::/96", 0),  # NAT64
        ("2002::/16", 80),  # 6to4
    )
)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list such as `10.0.0.0/8, fd00::/8`; else ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def may_call(address: str, private: Iterable[Network]) -> bool:
    """Tell whether documents may lead to this IP address.

    It is a global one, or in one of the `private` networks, and never a forbidden one.
    Of an IPv6 address that carries one of IPv4, that one is judged.
    """
    meant = meant_address(address)
    if _is_in(meant, FORBIDDEN):
        return False
    return _is_global(meant) or _is_in(meant, private)


def is_private_to(address: str, private: Iterable[Network]) -> bool:
    """Tell whether the address, or the one that it carries, is in these networks."""
    return _is_in(meant_address(address), private)


def _is_global(address: Ip) -> bool:
    return address.is_global and not _is_in(address, _NOT_GLOBAL)


def meant_address(text: str) -> Ip:
    """Return the address, or the one of IPv4 that it carries."""
    # A scope, such as `%eth0`, says by which interface, not to whom.
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and int(address) > 1:
        for network, shift in _CARRIERS:
            if address in network:
                return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return address


def _is_in(address: Ip, networks: Iterable[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)
