"""Where a client's people begin anew."""

from __future__ import annotations

from urllib.parse import urlsplit

from runtime.registry.registry import Client


def home_of(client: Client, address: str) -> str | None:
    """Return the client's home, or else the front door of this address of its own.

    None for a native client without a home: its loopback has no front door.
    """
    if client.home:
        return client.home
    parts = urlsplit(address)
    if client.native or not parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc}/"
