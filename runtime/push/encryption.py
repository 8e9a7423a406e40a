"""Encryption and signatures of pushes, as WeChat and WeCom make them.

msg_signature  SHA-1, in hex, of token, timestamp, nonce and Encrypt: sorted as
               bytes and joined; `signature` is the same without Encrypt
Encrypt        base64 of AES-256-CBC; the IV is the first half of the key
plaintext      16 random bytes, length of the message (4 bytes, big-endian), the
               message, the receiver's id; padded by PKCS#7 to blocks of 32 bytes
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Iterable

BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4

_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


class CannotDecrypt(Exception):
    """The text was not encrypted under this key; the error does not say why.

    A sender that could tell bad padding from a bad length could decrypt with our help.
    """


def signature(token: str, *parts: str) -> str:
    """Return WeChat's signature of these parts under the token."""
    joined = b"".join(sorted(part.encode(errors="replace") for part in (token, *parts)))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def is_signed(claimed: str, tokens: Iterable[str], *parts: str) -> bool:
    """Tell whether one of the tokens has signed the parts, in constant time."""
    given = claimed.encode(errors="replace")
    found = [
        hmac.compare_digest(signature(each, *parts).encode(), given) for each in tokens
    ]
    return any(found)


def key_of(encoding_aes_key: str) -> bytes:
    """Return the key of 32 bytes that EncodingAESKey stands for; else ValueError.

    The last of its 43 characters holds two bits that are not used, and need not be 0.
    """
    if not _AES_KEY.fullmatch(encoding_aes_key):
        raise ValueError("EncodingAESKey: 43 letters and digits")
    return binascii.a2b_base64(encoding_aes_key + "=")


def encrypt(
    message: bytes,
    *,
    key: bytes,
    receive_id: str,
    random: Callable[[int], bytes] = os.urandom,
) -> str:
    """Return the text of `Encrypt` for a message to the receiver of this id."""
    plain = random(_RANDOM) + len(message).to_bytes(4, "big") + message
    plain += receive_id.encode()
    size = BLOCK - len(plain) % BLOCK
    return base64.b64encode(_cipher(key, plain + bytes([size]) * size, "enc")).decode()


def decrypt(encrypted: str, *, key: bytes) -> tuple[bytes, str]:
    """Return the message and the id of its receiver; CannotDecrypt if it is none."""
    try:
        data = base64.b64decode(encrypted, validate=True)
        plain = _unpadded(_cipher(key, data, "dec"))
        end = _HEAD + int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if not _HEAD <= end <= len(plain):
            raise ValueError
        return plain[_HEAD:end], plain[end:].decode()
    except ValueError:
        raise CannotDecrypt from None


def _cipher(key: bytes, data: bytes, way: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES256(key), modes.CBC(key[:16]))
    operation = cipher.encryptor() if way == "enc" else cipher.decryptor()
    return operation.update(data) + operation.finalize()


def _unpadded(plain: bytes) -> bytes:
    size = plain[-1] if plain else 0
    if not 1 <= size <= BLOCK or plain[-size:] != bytes([size]) * size:
        raise ValueError
    if len(plain) - size < _HEAD:
        raise ValueError
    return plain[:-size]
