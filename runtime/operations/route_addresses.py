"""Addresses of routes: refused or warned of where an operator types a URL."""

from __future__ import annotations

from urllib.parse import urlsplit

from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused
from runtime.upstream.outbound import TargetFault


def check_address(gateway: Gateway, url: str, *, plain: bool) -> list[str]:
    """Return warnings; OperationRefused if the gateway could never call this URL.

    A host that does not resolve here may do so where the gateway runs, which checks
    each call again.
    """
    parts = urlsplit(url)
    inside = plain or parts.scheme == "http"
    try:
        gateway.outbound.check(url, private=inside)
    except TargetFault as fault:
        if fault.reason == "unresolved" and not (inside and not _networks(gateway)):
            return [
                f"{parts.hostname} does not resolve here: nothing is delivered until "
                "it does where the gateway runs."
            ]
        raise OperationRefused(_sentence(gateway, url, fault, plain=plain)) from None
    return []


def _sentence(gateway: Gateway, url: str, fault: TargetFault, *, plain: bool) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    came = f"{host} ({fault.address})" if fault.address not in ("", host) else host
    networks = _networks(gateway)
    allowed = f"PUSH_PRIVATE_NETWORKS ({networks or 'none are set'})"
    if parts.scheme == "http":
        return (
            f"url is http:// to {came}: http is for {allowed} alone. "
            "Use https://, or add the network to that setting."
        )
    if plain:
        return (
            f"The route is plain, to {came}: plain pushes are for {allowed} alone. "
            "Leave --plain out, or add the network to that setting."
        )
    return (
        f"url leads to {came}: addresses must be public, or in {allowed}, and never "
        "Redis, the bucket or a machine's metadata. Use another host, or add the "
        "network to that setting."
    )


def _networks(gateway: Gateway) -> str:
    return ", ".join(gateway.settings.push_private_networks)
