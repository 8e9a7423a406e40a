"""Certificates of authorities, as a setting names them."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from pathlib import Path

_BASE64 = re.compile(r"MI[A-Za-z0-9+/]+={0,2}(?:,MI[A-Za-z0-9+/]+={0,2})*")
"""DER of one certificate or more: each begins with a SEQUENCE of over 255 bytes."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def is_base64_der(text: str) -> bool:
    """Tell whether the setting holds the certificates, and is no path."""
    return bool(_BASE64.fullmatch(text))


def authorities(text: str) -> bytes:
    """Return the certificates in DER, one after the other; ValueError says why not.

    The text is base64 of DER, several ones with commas, or the path of a file in PEM
    or DER.
    """
    found = b"".join(_from_base64(text) if is_base64_der(text) else _from_file(text))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found)
    except (ssl.SSLError, ValueError):
        raise ValueError("holds no certificate") from None
    return found


def _from_base64(text: str) -> list[bytes]:
    try:
        return [base64.b64decode(each, validate=True) for each in text.split(",")]
    except binascii.Error:
        raise ValueError("is not base64") from None


def _from_file(text: str) -> list[bytes]:
    try:
        content = Path(text).read_bytes()
    except (OSError, ValueError):
        raise ValueError("is no base64 of DER, and names no readable file") from None
    pieces = _PEM.findall(content.decode("latin-1"))
    return [ssl.PEM_cert_to_DER_cert(each) for each in pieces] or [content]
