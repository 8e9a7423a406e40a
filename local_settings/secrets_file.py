"""Secrets of a developer's machine, made once and stored in one private file."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from runtime.crypto.encoding import base64url

NAMES = ("MASTER_KEYS", "COOKIE_SECRETS", "TOKEN_SECRETS")
"""Secrets that no host runs without; the file holds OIDC_KEY as well."""

_ALL = (*NAMES, "OIDC_KEY")


def read_or_make_secrets(
    file: Path, *, random: Callable[[int], bytes] = secrets.token_bytes
) -> Mapping[str, str]:
    """Return the settings that hold secrets; make and write those that are missing.

    Each is `1:` and 32 random bytes; OIDC_KEY is `1:` and an RSA key.
    """
    found = json.loads(file.read_text("utf-8")) if file.exists() else {}
    missing = [name for name in _ALL if name not in found]
    complete = {**found, **{name: f"1:{_made(name, random)}" for name in missing}}
    if missing:
        write_private(file, json.dumps(complete, indent=1))
    return {name: complete[name] for name in _ALL}


def write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone can read."""
    # Written beside and renamed: a host killed in between leaves the old file, and
    # at no moment can anybody else on the machine read it.
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    beside.replace(file)


def _made(name: str, random: Callable[[int], bytes]) -> str:
    if name == "OIDC_KEY":
        return base64.b64encode(_rsa_key()).decode()
    if name == "MASTER_KEYS":  # a key of just these bytes; the others are any text
        return base64.b64encode(random(32)).decode()
    return base64url(random(32))


def _rsa_key() -> bytes:
    # A host that finds its secrets does without the import.
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
