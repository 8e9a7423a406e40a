"""Secret fields of documents, sealed in the store and opened in the process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from runtime.crypto.envelope import CannotOpen, Envelope
from runtime.documents.store import REMOVED

SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    "apps": (
        *("secret", "token", "encoding_aes_key"),
        *("previous_token", "previous_encoding_aes_key"),
    ),
    "clients": ("pairwise_salt",),
    "people": ("sub",),
    "authorizers": ("refresh_token",),
    "alerts": ("url", "secret"),
    "gateway": (),
    "tickets": ("ticket",),
}

NESTED_SECRETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apps": {
        "routes": ("token", "encoding_aes_key", "secret", "match.openid"),
        "robots": ("key",),
    },
}
"""By kind: fields that are lists of objects, and what is sealed in each of these.

The name of a field within another one stands behind a period. A secret in them is bound
to the document and the outer field, as `resealed` of older versions expects it.
"""

READ_BY_ID = frozenset({"people", "authorizers", "gateway", "tickets"})
"""Kinds that no request lists: there may be too many, or there is but one."""

SHORT_LIVED = frozenset({"tickets"})
"""Kinds that nobody needs the day after: neither exported, checked nor sealed anew."""

LASTING = tuple(kind for kind in SECRET_FIELDS if kind not in SHORT_LIVED)
"""The other kinds."""

_SEALED = re.compile(r"[0-9]+:[A-Za-z0-9+/]+={0,2}")


class Sealed(str):
    """A secret that no master key opens, as the store has it; writers leave it so."""

    __slots__ = ()


class SecretFields:
    """A converter between a document's content and the bytes in a store."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def seal(self, name: str, content: Mapping[str, Any]) -> bytes:
        """Return the bytes of `{kind}/{id}`, with secrets sealed by the newest key."""

        def seal(secret: str, *, place: str) -> str:
            if isinstance(secret, Sealed):
                return secret
            return self._envelope.seal(secret, place=place)

        return _as_bytes(each_secret(name, content, seal))

    def open(self, name: str, stored: bytes) -> Mapping[str, Any] | None:
        """Return the content; None if these bytes mark a removal.

        CannotOpen names the field that cannot be opened.
        """
        if stored == REMOVED:
            return None
        return each_secret(name, json.loads(stored), self._envelope.open)

    def open_in_part(self, name: str, stored: bytes) -> Mapping[str, Any] | None:
        """Return the content as `open` does, with a `Sealed` for what no key opens.

        For an operator who replaces that; nothing else may use such a document.
        """
        if stored == REMOVED:
            return None

        def open_(sealed: str, *, place: str) -> str:
            try:
                return self._envelope.open(sealed, place=place)
            except CannotOpen:
                return Sealed(sealed)

        content = json.loads(stored)
        if not isinstance(content, dict):
            raise ValueError("no object")
        return each_secret(name, content, open_)

    def resealed(self, name: str, stored: bytes) -> bytes | None:
        """Return the bytes with every secret sealed by the newest master key.

        None if nothing changes. A later version's secrets are recognised, too: a text
        that a master key opens for the place of its field can only be one.
        """
        if self.open(name, stored) is None:
            return None
        content = json.loads(stored)
        changed = {
            key: self._resealed_value(value, place=f"{name}#{key}")
            for key, value in content.items()
        }
        return None if changed == content else _as_bytes(changed)

    def _resealed_value(self, value: Any, *, place: str) -> Any:
        if isinstance(value, list):
            return [self._resealed_value(each, place=place) for each in value]
        if isinstance(value, dict):
            return {
                key: self._resealed_value(each, place=place)
                for key, each in value.items()
            }
        if not isinstance(value, str) or not _SEALED.fullmatch(value):
            return value
        if self._envelope.is_current(value):
            return value
        try:
            secret = self._envelope.open(value, place=place)
        except CannotOpen:
            return value
        return self._envelope.seal(secret, place=place)


def _as_bytes(content: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(content, ensure_ascii=False, indent=1).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can escape
        return json.dumps(content, indent=1).encode()


def _secrets_of(name: str) -> tuple[str, ...]:
    return SECRET_FIELDS[name.partition("/")[0]]


def each_secret(
    name: str, content: Mapping[str, Any], change: Callable[..., str]
) -> dict[str, Any]:
    """Return the content of `{kind}/{id}` with each secret changed.

    `change` gets the secret, and its place in the document as `place`.
    """
    changed = dict(content)
    for key in _secrets_of(name):
        if changed.get(key):
            changed[key] = change(changed[key], place=f"{name}#{key}")
    for key, paths in NESTED_SECRETS.get(name.partition("/")[0], {}).items():
        if isinstance(items := changed.get(key), (list, tuple)):
            place = f"{name}#{key}"
            for path in paths:
                items = [_within(each, path, change, place) for each in items]
            changed[key] = items
    return changed


def sealed_names(content: Mapping[str, Any]) -> list[str]:
    """Return the fields that are `Sealed` or hold a value that is."""
    return [name for name, value in content.items() if _is_sealed(value)]


def without_sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content without what is `Sealed`, also in the objects within."""
    return {
        name: _without_sealed(value)
        for name, value in content.items()
        if not isinstance(value, Sealed)
    }


def _without_sealed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_sealed(value)
    if isinstance(value, (list, tuple)):
        return [_without_sealed(each) for each in value if not isinstance(each, Sealed)]
    return value


def _is_sealed(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_sealed, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_is_sealed, value))
    return isinstance(value, Sealed)


def _within(value: Any, path: str, change: Callable[..., str], place: str) -> Any:
    """Return the value with the texts at a path changed; another form stays."""
    if path and isinstance(value, Mapping):
        name, _, rest = path.partition(".")
        if name not in value:
            return value
        return {**value, name: _within(value[name], rest, change, place)}
    if not path and isinstance(value, (list, tuple)):
        return [_within(each, path, change, place) for each in value]
    if not path and isinstance(value, str) and value:
        return change(value, place=place)
    return value
