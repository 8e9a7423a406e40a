"""The client's address, as limits count it: the peer's, or what our proxy has seen."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address, ip_network


def client_address(
    peer: str, *, forwarded_for: str | None, trusted_hops: int = 0
) -> str:
    """Return the caller's address; of IPv6 its /64, since one caller has all of that.

    Behind `trusted_hops` proxies it is that entry of X-Forwarded-For, counted from the
    right: the outermost proxy wrote it, and the caller may write anything further left.
    Without such an entry, or without an address in it, it is the peer's.
    """
    entries = (forwarded_for or "").split(",")
    seen = entries[-trusted_hops] if 0 < trusted_hops <= len(entries) else ""
    return _counted(seen) or _counted(peer) or peer


def public_address(address: str) -> str:
    """Return what `client_address` returned, "" unless it is one of the Internet.

    Any other is most likely a proxy's that no setting names, and not the caller's.
    """
    try:
        network = ip_network(address)
    except ValueError:
        return ""
    return address if network.is_global else ""


def _counted(text: str) -> str | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address.packed, 64), strict=False))
