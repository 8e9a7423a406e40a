"""Stored fields, read by another version of the gateway than has written them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def known_fields(kind: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that this dataclass has, lists as tuples.

    During a deployment, instances of two versions read each other's fields.
    """
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
        if name in kind.__dataclass_fields__
    }
