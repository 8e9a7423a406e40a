"""Encodings that several packages share: base64url and hexadecimal digests."""

from __future__ import annotations

import base64
import hashlib


def base64url(data: bytes) -> str:
    """Return the bytes in base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding; ValueError if it is malformed."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of the text, 64 hexadecimal digits.

    Redis keys are listed and logged more easily than values: a key holds this instead
    of a name, a code or an address.
    """
    # JSON can carry half of a surrogate pair, which UTF-8 alone refuses.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
