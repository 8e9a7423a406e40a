"""Secret fields of documents, sealed in the store and opened in the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from runtime.crypto.envelope import Envelope
from runtime.documents.store import REMOVED

SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    "apps": ("secret", "token", "encoding_aes_key"),
    "clients": ("pairwise_salt",),
}


class SecretFields:
    """Converts a document's content to the bytes in a store, and back."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def seal(self, name: str, content: Mapping[str, Any]) -> bytes:
        """Return the bytes of `{kind}/{id}`, with secrets sealed by the newest key."""
        sealed = _each_secret(name, content, self._envelope.seal)
        return json.dumps(sealed, ensure_ascii=False, indent=1).encode()

    def open(self, name: str, stored: bytes) -> Mapping[str, Any] | None:
        """Return the content; None if these bytes mark a removal.

        CannotOpen names the field that cannot be opened.
        """
        if stored == REMOVED:
            return None
        return _each_secret(name, json.loads(stored), self._envelope.open)

    def is_current(self, name: str, stored: bytes) -> bool:
        """Tell whether the newest master key has sealed every secret in these bytes."""
        if stored == REMOVED:
            return True
        content = json.loads(stored)
        found = (content.get(key) for key in _secrets_of(name))
        return all(self._envelope.is_current(sealed) for sealed in found if sealed)


def _secrets_of(name: str) -> tuple[str, ...]:
    return SECRET_FIELDS[name.partition("/")[0]]


def _each_secret(
    name: str, content: Mapping[str, Any], change: Callable[..., str]
) -> dict[str, Any]:
    changed = dict(content)
    for key in _secrets_of(name):
        if changed.get(key):
            changed[key] = change(changed[key], place=f"{name}#{key}")
    return changed
