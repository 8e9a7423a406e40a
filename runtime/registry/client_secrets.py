"""Client secrets: the gateway makes them and stores their hashes alone."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable

from runtime.crypto.encoding import sha256_hex


def make_secret(
    client_id: str, *, random: Callable[[int], str] = secrets.token_hex
) -> str:
    """Return a new secret, which begins with its client: `{client_id}_{32 hex}`."""
    return f"{client_id}_{random(16)}"


LONGEST_SECRET = 256
"""In characters; nothing longer is hashed, as a wrong secret may cost no more."""


def client_id_of(secret: str) -> str:
    """Return the client id that a secret names; "" if it has another form."""
    if len(secret) > LONGEST_SECRET:
        return ""
    client_id, _, rest = secret.rpartition("_")
    return client_id if re.fullmatch(r"[0-9a-f]{32}", rest) else ""


def hash_secret(
    secret: str, *, random: Callable[[int], str] = secrets.token_hex
) -> str:
    """Return `sha256:<salt>:<hex>`; for 128 random bits no slow hash is needed."""
    salt = random(16)
    return f"sha256:{salt}:{_digest(salt, secret)}"


def matches(secret: str, known: str) -> bool:
    """Tell in constant time whether the hash is of this secret.

    It is not if a later version has made the hash in another way.
    """
    kind, _, rest = known.partition(":")
    salt, _, digest = rest.partition(":")
    if len(secret) > LONGEST_SECRET or kind != "sha256" or not digest.isascii():
        return False
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: str, secret: str) -> str:
    return sha256_hex(f"{salt}:{secret}")
