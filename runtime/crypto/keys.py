"""Keys by version, and the check of those that are RSA keys.

RSA keys of OIDC_KEY are in DER. The check reads their first bytes alone, because a
library that reads the rest would slow down each cold start:

    30 82 <length> 02 01 00 30 0d 06 09 <rsaEncryption> 05 00 ...   PKCS#8, private
    30 82 <length> 30 0d 06 09 <rsaEncryption> 05 00 ...            SubjectPublicKeyInfo
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Keys = Mapping[int, bytes]
"""Secrets by version: the highest one signs or seals, every one verifies or opens."""

_DER = re.compile(
    rb"\x30\x82(..)(\x02\x01\x00)?"
    rb"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00.*",
    re.DOTALL,
)


def check_rsa_keys(keys: Keys) -> None:
    """Raise ValueError unless all have the form of an RSA key and one can sign."""
    for der in keys.values():
        match = _DER.fullmatch(der)
        if match is None or int.from_bytes(match[1], "big") != len(der) - 4:
            raise ValueError("must hold RSA keys in DER, PKCS#8 or their public part")
    if not any(map(is_private, keys.values())):
        raise ValueError("must hold a private key")


def is_private(der: bytes) -> bool:
    """Tell whether a key of this form can sign."""
    match = _DER.fullmatch(der)
    return bool(match and match[2])
