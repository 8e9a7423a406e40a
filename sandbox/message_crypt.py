"""EncodingAESKey: how pushes and their replies are encrypted and signed.

The ciphertext in `<Encrypt>` is standard base64 of AES-256-CBC over

    16 random bytes | length of the message, 4 bytes big-endian | message | appid

padded by PKCS#7 to blocks of 32 bytes (not the cipher's 16), with the first 16 bytes
of the key as the IV.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
RANDOM = 16
LENGTH = struct.Struct("!I")


class CryptError(ValueError):
    """A ciphertext is not base64, not whole blocks, or not the layout above."""


class Opened(NamedTuple):
    """The content of a ciphertext; the appid names its addressee."""

    random: bytes
    message: bytes
    appid: str


def sign(*parts: str) -> str:
    """Return the lower-case hex SHA-1 over the parts, sorted and joined."""
    # SHA-1 because the protocol says so.
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324


def encrypt(message: bytes, *, encoding_aes_key: str, appid: str, random: bytes) -> str:
    """Return the base64 ciphertext of a message to or from that app."""
    plain = random + LENGTH.pack(len(message)) + message + appid.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = _cipher(encoding_aes_key).encryptor()
    padded = plain + bytes([padding]) * padding
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(encrypted: str, *, encoding_aes_key: str) -> Opened:
    """Return what a base64 ciphertext holds; CryptError if it holds nothing."""
    try:
        ciphertext = base64.b64decode(encrypted, validate=True)
    except ValueError:
        raise CryptError("not base64") from None
    if not ciphertext or len(ciphertext) % BLOCK:
        raise CryptError("not whole blocks")
    decryptor = _cipher(encoding_aes_key).decryptor()
    return _open(_unpad(decryptor.update(ciphertext) + decryptor.finalize()))


def _cipher(encoding_aes_key: str) -> Cipher[modes.CBC]:
    # 43 characters carry 258 bits: the last two are dropped, whatever they are.
    key = base64.b64decode(encoding_aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def _unpad(padded: bytes) -> bytes:
    padding = padded[-1]
    if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise CryptError("wrong padding: another key?")
    return padded[:-padding]


def _open(plain: bytes) -> Opened:
    head = RANDOM + LENGTH.size
    if len(plain) < head:
        raise CryptError("too short")
    (length,) = LENGTH.unpack_from(plain, RANDOM)
    message, tail = plain[head : head + length], plain[head + length :]
    if len(message) != length:
        raise CryptError("shorter than it says")
    try:
        return Opened(plain[:RANDOM], message, tail.decode())
    except UnicodeDecodeError:
        raise CryptError("no appid at the tail") from None
