"""Whom a limit counts: the peer's address, or what a proxy of ours has seen."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address

from runtime.web.messages import Request


def client_address(request: Request, *, trusted_hops: int = 0) -> str:
    """Return the caller's address; of IPv6 its /64, since one caller has all of that.

    Behind so many proxies it is that entry of X-Forwarded-For, counted from the
    right: the outermost of them wrote it, and further left the caller may write what
    it likes. Where there is no such entry, or no address in it, it is the peer's.
    """
    entries = (request.header("x-forwarded-for") or "").split(",")
    seen = entries[-trusted_hops] if 0 < trusted_hops <= len(entries) else ""
    return _counted(seen) or _counted(request.client_ip) or request.client_ip


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
