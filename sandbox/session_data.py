"""Signed and encrypted data that a mini program sends to its server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


def sign_raw_data(raw_data: str, session_key: str) -> str:
    """Return sha1 of the two texts joined, in hex."""
    return hashlib.sha1(
        (raw_data + session_key).encode(), usedforsecurity=False
    ).hexdigest()


def sign_session(session_key: str) -> str:
    """Return the hex HMAC-SHA256 of nothing, which shows that one has the key."""
    return hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest()


def encrypt(plaintext: str, *, session_key: str, iv: str) -> str:
    """Return AES-128-CBC with PKCS#7 in base64; key and iv are base64 as well."""
    padder = PKCS7(128).padder()
    padded = padder.update(plaintext.encode()) + padder.finalize()
    encryptor = _cipher(session_key, iv).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def make_session_data(
    *,
    profile: dict[str, Any],
    openid: str,
    unionid: str | None,
    appid: str,
    now: float,
    session_key: str,
    iv: str,
) -> dict[str, str]:
    """Return rawData, signature, encryptedData and iv as wx.getUserInfo gives them."""
    whole = {"openId": openid, **profile}
    if unionid is not None:
        whole["unionId"] = unionid
    whole["watermark"] = {"timestamp": int(now), "appid": appid}
    raw_data = _json(profile)
    return {
        "rawData": raw_data,
        "signature": sign_raw_data(raw_data, session_key),
        "encryptedData": encrypt(_json(whole), session_key=session_key, iv=iv),
        "iv": iv,
    }


def phone_info(number: str, *, appid: str, now: float) -> dict[str, Any]:
    """Return a Chinese number as WeChat tells it, to the server or encrypted."""
    return {
        "phoneNumber": number,
        "purePhoneNumber": number,
        "countryCode": "86",
        "watermark": {"timestamp": int(now), "appid": appid},
    }


def make_phone_data(
    number: str, *, appid: str, now: float, session_key: str, iv: str
) -> dict[str, str]:
    """Return encryptedData and iv as the button getPhoneNumber gives them."""
    plaintext = _json(phone_info(number, appid=appid, now=now))
    data = encrypt(plaintext, session_key=session_key, iv=iv)
    return {"encryptedData": data, "iv": iv}


def _cipher(session_key: str, iv: str) -> Cipher[modes.CBC]:
    key, vector = base64.b64decode(session_key), base64.b64decode(iv)
    return Cipher(algorithms.AES(key), modes.CBC(vector))


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
