"""Brand of a client, for its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.pages.brand import Brand
    from runtime.registry.models import Client


def brand_of(client: Client | None) -> Brand:
    """Return the looks of a client's pages; those of the gateway without one."""
    from runtime.pages.brand import NO_BRAND, Brand

    if client is None:
        return NO_BRAND
    return Brand(
        colors=client.brand_colors,
        favicon=client.favicon,
        terms=client.terms,
        privacy=client.privacy,
    )
