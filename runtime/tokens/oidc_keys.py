"""RSA keys of ID tokens: the setting OIDC_KEY, and the public keys of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runtime.crypto.keys import Keys, is_private
from runtime.errors import OidcNotConfigured, SettingsError

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
SHORTEST_BITS = 2048


class OidcKeys:
    """Keys by version: the newest private one signs, all of them verify.

    Each is read at its first use; OidcNotConfigured where there are none.
    """

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys or {}

    def check(self) -> None:
        """Raise OidcNotConfigured where there are no keys, without reading one."""
        if not self._keys:
            raise OidcNotConfigured

    @cached_property
    def signing(self) -> RSAKey:
        """Return the newest private key; its `kid` is RFC 7638's thumbprint."""
        from joserfc.jwk import RSAKey

        self.check()
        newest = max(each for each, der in self._keys.items() if is_private(der))
        key = RSAKey.import_key(_native(self._keys[newest]))
        key.ensure_kid()
        return key

    @cached_property
    def verifying(self) -> Mapping[str, RSAKey]:
        """Return the public part of all keys by `kid`, the newest first."""
        self.check()
        found = [_public(self._keys[each]) for each in sorted(self._keys, reverse=True)]
        return {str(key.kid): key for key in found}

    @cached_property
    def jwks(self) -> bytes:
        """Return RFC 7517's key set as JSON, of the public parts only."""
        keys = [key.as_dict() for key in self.verifying.values()]
        return json.dumps({"keys": keys}, separators=(",", ":")).encode()


def _public(der: bytes) -> RSAKey:
    from joserfc.jwk import RSAKey

    key = _native(der)
    public = key.public_key() if is_private(der) else key
    made = RSAKey.import_key(public, {"use": "sig", "alg": ALGORITHM})
    made.ensure_kid()
    return made


def _native(der: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization

    try:
        if is_private(der):
            # OpenSSL's check of the primes takes 35 ms, and the key is our own.
            key: Any = serialization.load_der_private_key(
                der, None, unsafe_skip_rsa_key_validation=True
            )
        else:
            key = serialization.load_der_public_key(der)
    except ValueError:
        raise SettingsError("OIDC_KEY holds a key that cannot be read") from None
    if key.key_size < SHORTEST_BITS:
        raise SettingsError(f"OIDC_KEY holds a key below {SHORTEST_BITS} bits")
    return key
