"""Fingerprints of the secrets of a document, by which operators compare them.

Equal ones are equal values, in the audit log as well; nobody without a master key can
try values against them.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from runtime.documents.documents import SECRET_FIELDS
from runtime.documents.secret_fields import Sealed
from runtime.gateway import Gateway

LOST = "no master key opens it"


def audit_key(gateway: Gateway) -> bytes:
    """Return the key of all fingerprints: another one after a new master key."""
    keys = gateway.settings.master_keys
    return hmac.digest(keys[max(keys)], b"wechat-gateway:audit", "sha256")


def fingerprint(key: bytes, value: Any) -> str:
    """Return the fingerprint of a text, or of what JSON makes of another value."""
    if isinstance(value, Sealed):
        return LOST
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
    return f"fingerprint {digest[:6].hex()}"


def fingerprints_of(gateway: Gateway, kind: str, id_: str) -> Mapping[str, str]:
    """Return those of a document's own secrets by field; none if it is not there."""
    found = gateway.documents.read_in_part(kind, id_)
    if found is None:
        return {}
    key = audit_key(gateway)
    names = [*SECRET_FIELDS[kind]]
    prints = {
        name: fingerprint(key, found.content[name])
        for name in names
        if found.content.get(name)
    }
    hashes = found.content.get("secret_hashes")
    if isinstance(hashes, (list, tuple)):
        prints |= {
            f"secret {place}": fingerprint(key, each)
            for place, each in enumerate(hashes, 1)
        }
    return prints
