"""Formats of values for Function Compute, as far as they can be checked offline."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_role(text: str) -> bool:
    """Tell whether it is the ARN of a RAM role."""
    return bool(re.fullmatch(r"acs:ram::[0-9]+:role/\S+", text))


def is_certificate(text: str) -> bool:
    """Tell whether it is one or more certificates in PEM."""
    from cryptography import x509

    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False


def is_on_this_machine(url: str) -> bool:
    """Tell whether a URL, or one of the hosts in it, points to the calling machine."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return parts.scheme == "unix" or any(map(_is_loopback, hosts))


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        address = ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
