"""Encrypted user data, as WeChat makes it and in broken forms."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.support.wechat_vectors import APPID, IV, SESSION_KEY


def encrypt(plain, *, padded=None, session_key=SESSION_KEY):
    """Encrypt as WeChat does, or with another padding."""
    size = 16 - len(plain) % 16
    whole = plain + (bytes([size]) * size if padded is None else padded)
    key, iv = base64.b64decode(session_key), base64.b64decode(IV)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return base64.b64encode(encryptor.update(whole) + encryptor.finalize()).decode()


def marked(**fields):
    """Return JSON of this app's."""
    whole = {**fields, "watermark": {"timestamp": 1, "appid": APPID}}
    return json.dumps(whole).encode()


def filled(size):
    """Return this app's JSON in a multiple of 16 bytes plus `size`."""
    short = marked(x="")
    return marked(x="x" * ((size - len(short)) % 16))
