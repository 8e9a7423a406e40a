"""Short keys of one account, each valid for a time and for a longer text."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import WeChatError

# The platform does not say which code an unknown or expired key gets.
UNKNOWN = 40097


@dataclass(frozen=True, slots=True)
class ShortKey:
    """One key; `created_at` is Unix time, `life` seconds."""

    key: str
    long_data: str
    created_at: int
    life: int


class ShortKeys:
    """Texts by their short key."""

    def __init__(self) -> None:
        self._keys: dict[str, ShortKey] = {}

    def put(self, key: ShortKey) -> None:
        """Store one."""
        self._keys[key.key] = key

    def get(self, key: str, *, now: float) -> ShortKey:
        """Return one; 40097 if unknown or expired."""
        found = self._keys.get(key)
        if found is None or now >= found.created_at + found.life:
            raise WeChatError(UNKNOWN)
        return found
