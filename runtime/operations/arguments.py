"""The arguments that several verbs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.registry.rules import many, text

ID = text(r"[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, _ or -")
NAMES = many(text(r"[a-z_]{1,28}", "a field's name"))


def split(
    arguments: Mapping[str, Any], *names: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of these names, and the rest: fields of a document."""
    named = {name: value for name, value in arguments.items() if name in names}
    rest = {name: value for name, value in arguments.items() if name not in names}
    return named, rest
