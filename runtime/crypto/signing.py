"""Signed texts: made by this gateway, for one purpose, at a known time.

    <base64url payload> . <key version> . <unix seconds> . <base64url HMAC-SHA256>

The HMAC covers everything before its dot. Its key is derived from the secret and the
purpose, so that a text signed for one purpose is invalid for every other.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from runtime.crypto.encoding import base64url, from_base64url
from runtime.crypto.keys import Keys

ALLOWED_SKEW = 60
"""Seconds by which the clocks of two machines may differ."""

_TEXT = re.compile(r"([\w-]*)\.([1-9][0-9]{0,8})\.([0-9]{1,12})\.([\w-]{43})", re.ASCII)


class BadSignature(Exception):
    """The text was not signed by this gateway for this purpose."""


class SignatureExpired(BadSignature):
    """The signature is valid but too old; `age` is in seconds."""

    def __init__(self, age: float) -> None:
        super().__init__(f"signed {age:.0f} s ago")
        self.age = age


class SignedInFuture(BadSignature):
    """The signature is valid but its time is ahead of our clock."""


class Signer:
    """Signatures of one purpose: the newest key signs, and every key verifies."""

    def __init__(self, keys: Keys, *, purpose: str) -> None:
        salt = b"wechat-gateway:" + purpose.encode()
        self._keys = {
            version: hmac.digest(secret, salt, "sha256")
            for version, secret in keys.items()
        }
        self._newest = max(self._keys)
        # Callers send the same text again and again; an invalid one is not cached.
        self._opened = lru_cache(maxsize=256)(self._open)

    def sign(self, payload: bytes, *, now: float, version: int = 0) -> str:
        """Return the payload signed at `now` (unix seconds).

        The same payload, time and version give the same text. The newest key signs
        where this process has no key of that version.
        """
        if version not in self._keys:
            version = self._newest
        signed = f"{base64url(payload)}.{version}.{int(now)}"
        return f"{signed}.{self._mac(version, signed)}"

    def verify(self, text: str, *, now: float, max_age: float) -> bytes:
        """Return the payload; BadSignature, SignatureExpired or SignedInFuture."""
        payload, signed_at = self._opened(text)
        age = now - signed_at
        if age < -ALLOWED_SKEW:
            raise SignedInFuture
        if age > max_age:
            raise SignatureExpired(age)
        return payload

    @property
    def newest(self) -> int:
        """Return the version of the key that signs."""
        return self._newest

    @property
    def versions(self) -> list[int]:
        """Return the versions of the keys that verify, the newest first."""
        return sorted(self._keys, reverse=True)

    def digest(self, text: str, *, version: int) -> str:
        """Return the HMAC of a text, 43 characters that nobody else can compute.

        Uses the key of this version; BadSignature if there is none.
        """
        if version not in self._keys:
            raise BadSignature
        return self._mac(version, text)

    def _open(self, text: str) -> tuple[bytes, int]:
        match = _TEXT.fullmatch(text)
        if match is None or int(match[2]) not in self._keys:
            raise BadSignature
        signed, _, mac = text.rpartition(".")
        if not hmac.compare_digest(self._mac(int(match[2]), signed), mac):
            raise BadSignature
        try:
            return from_base64url(match[1]), int(match[3])
        except ValueError:
            raise BadSignature from None

    def _mac(self, version: int, signed: str) -> str:
        return base64url(hmac.digest(self._keys[version], signed.encode(), "sha256"))


def signed_at(text: str) -> int:
    """Return the unix time at which a text was signed that has been verified."""
    return int(text.split(".")[2])
