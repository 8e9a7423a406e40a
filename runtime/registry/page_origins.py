"""Origins whose web pages may call the gateway by script: those of public clients.

A confidential client calls from its server, where CORS has no meaning.
"""

from __future__ import annotations

from runtime.errors import ServiceUnavailable
from runtime.registry.registry import Registry

FRESH_SECONDS = 30.0
"""A process sees a new origin within this time; a shorter one would list clients often.
"""

STALE_SECONDS = 300.0
"""A known origin is answered at once from a list of this age, while it is renewed: in a
process that was idle. The page of a removed client can read no more than errors."""


class PageOrigins:
    """The origins of all enabled public clients."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def know(self, origin: str) -> bool:
        """Tell whether it is one of them; while the store is away, by the last list."""
        origins = self._registry.page_origins
        try:
            return origin in origins(
                within=FRESH_SECONDS, at_once=STALE_SECONDS
            ) or origin in origins(within=FRESH_SECONDS)
        except ServiceUnavailable:
            return False
