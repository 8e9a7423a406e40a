"""Origins whose web pages may call the gateway by script: those of public clients.

A confidential client calls from its server, where CORS has no meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from runtime.errors import ServiceUnavailable
from runtime.registry.registry import Registry

FRESH_SECONDS = 30.0
"""A process sees a change within this time; a shorter one would list clients often."""


class PageOrigins:
    """The origins of all enabled public clients."""

    def __init__(self, registry: Registry, *, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._until = 0.0

    def know(self, origin: str) -> bool:
        """Tell whether it is one of them; while the store is away, by the last list."""
        if self._clock() >= self._until:
            self._known = self._read()
            self._until = self._clock() + FRESH_SECONDS
        return origin in self._known

    def _read(self) -> frozenset[str]:
        try:
            clients = self._registry.clients()
        except ServiceUnavailable:
            return self._known
        return frozenset(
            origin
            for client in clients
            if client.public and not client.disabled
            for origin in client.origins
        )
