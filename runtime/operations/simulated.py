"""Simulated platform: whether what users send comes from the sandbox alone."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from runtime.gateway import Gateway


def is_simulated(gateway: Gateway) -> bool:
    """Tell whether the platform is on this machine, which WeChat never is."""
    host = urlsplit(gateway.settings.wechat_api_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
