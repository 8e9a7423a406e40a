"""Secrets of a developer's machine, made once and kept in a file of their own."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

NAMES = ("MASTER_KEYS", "COOKIE_SECRETS", "TOKEN_SECRETS")


def kept_secrets(
    file: Path, *, random: Callable[[int], bytes] = secrets.token_bytes
) -> Mapping[str, str]:
    """Return the settings that hold secrets, each `1:` and 32 random bytes."""
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    made = {name: f"1:{_text_of(random(32), name)}" for name in NAMES}
    complete = {**made, **kept}
    if complete != kept:
        write_private(file, json.dumps(complete, indent=1))
    return {name: complete[name] for name in NAMES}


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


def _text_of(secret: bytes, name: str) -> str:
    if name == "MASTER_KEYS":  # a key of just these bytes; the others are any text
        return base64.b64encode(secret).decode()
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")
