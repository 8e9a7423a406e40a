"""Encryption of secrets by AES-256-GCM, bound to the place of each secret."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable

from runtime.crypto.keys import Keys

_NONCE = 12


class CannotOpen(Exception):
    """The sealed text is damaged or of another place, or its master key is missing."""


class NoSuchKey(CannotOpen):
    """No master key has the number of the one that sealed the text."""


class Envelope:
    """Encryption by master keys: the newest one seals, and every one opens.

    A sealed text is `<key version>:<base64 of nonce and ciphertext>`.
    """

    def __init__(
        self, keys: Keys, *, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._keys = keys
        self._random = random

    def seal(self, secret: str, *, place: str) -> str:
        """Return the secret, sealed for one place such as `apps/wx1#secret`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version = max(self._keys)
        nonce = self._random(_NONCE)
        cipher = AESGCM(self._keys[version])
        data = nonce + cipher.encrypt(nonce, secret.encode(), place.encode())
        return f"{version}:{base64.b64encode(data).decode()}"

    def is_current(self, sealed: str) -> bool:
        """Tell whether the newest master key has sealed this text."""
        return sealed.partition(":")[0] == str(max(self._keys))

    def open(self, sealed: str, *, place: str) -> str:
        """Return the secret; CannotOpen if it was not sealed for this place."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        version, _, text = sealed.partition(":")
        try:
            data = base64.b64decode(text, validate=True)
            if (key := self._keys.get(int(version))) is None:
                raise NoSuchKey(place)
            cipher = AESGCM(key)
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], place.encode()).decode()
        except (ValueError, binascii.Error, InvalidTag):
            raise CannotOpen(place) from None
