"""User data of a mini program, which WeChat has signed and encrypted.

The signature is SHA-1 over rawData and session_key, joined; encryptedData is
AES-128-CBC with PKCS#7 under the session_key, all three in base64. The plaintext is a
JSON object whose `watermark` names the mini program.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

BLOCK = 16


class CannotDecrypt(Exception):
    """The data is not what WeChat encrypts; the error does not say why.

    A caller that could tell bad padding from bad JSON could decrypt with our help.
    """


def is_signed(raw_data: str, signature: str, *, session_key: str) -> bool:
    """Tell whether WeChat has signed this rawData with this session_key."""
    # JSON may bring lone surrogates: such a text is wrong, and raises no error.
    text = (raw_data + session_key).encode("utf-8", "surrogatepass")
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    return hmac.compare_digest(digest.encode(), signature.encode(errors="replace"))


def decrypt(
    encrypted_data: str, *, iv: str, session_key: str, appid: str
) -> dict[str, Any]:
    """Return the JSON object if its watermark names this app; else CannotDecrypt."""
    try:
        plain = _unpadded(_plain(encrypted_data, iv, session_key))
        # As everywhere in WeChat's JSON, a nickname may hold what JSON forbids.
        text = plain.decode("utf-8", "replace")
        content: dict[str, Any] = json.loads(text, strict=False)
        watermark = content["watermark"]["appid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CannotDecrypt from None
    if watermark != appid:
        raise CannotDecrypt
    return content


def _plain(encrypted_data: str, iv: str, session_key: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    texts = (encrypted_data, iv, session_key)
    data, vector, key = (base64.b64decode(text, validate=True) for text in texts)
    cipher = Cipher(algorithms.AES128(key), modes.CBC(vector)).decryptor()
    return cipher.update(data) + cipher.finalize()


def _unpadded(plain: bytes) -> bytes:
    size = plain[-1] if plain else 0
    if not 1 <= size <= BLOCK or plain[-size:] != bytes([size]) * size:
        raise ValueError
    return plain[:-size]
