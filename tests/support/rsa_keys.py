"""RSA keys as OIDC_KEY holds them, each made once for all tests."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)


def private_key(name=1, *, bits=2048):
    """Return the PKCS#8 of one of our keys, by any name."""
    return _made(name, bits)


@lru_cache
def _made(name, bits):
    key = generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_key(name=1):
    """Return the SubjectPublicKeyInfo of the same key."""
    key = loaded(private_key(name)).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def loaded(der):
    """Return the key as the library that made it has it."""
    return load_der_private_key(der, None)


def oidc_key(keys):
    """Return the setting that holds these keys by version."""
    return ",".join(
        f"{version}:{base64.b64encode(der).decode()}" for version, der in keys.items()
    )
