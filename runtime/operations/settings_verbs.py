"""Commands on the settings that need no restart: `settings show|update`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import NAMES, shown_later, split
from runtime.registry.fields import RULES
from runtime.registry.gateway_settings import DEFAULTS, ID, KIND
from runtime.registry.schema import checked_fields, gateway_document, refuse_unknown


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, with the defaults of those that are not set."""
    checked_fields(arguments, {})
    found = editing.read(gateway, KIND, ID)
    return _shown(found.content, found.version) if found else _shown({}, 0)


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given settings, and set those that `clear` names to their defaults."""
    named, fields = split(arguments, "clear")
    cleared = checked_fields(named, {"clear": NAMES}).get("clear", ())
    refuse_unknown(KIND, [*fields, *cleared])
    found = editing.read(gateway, KIND, ID)
    kept = found.content if found else {}
    rest = {name: value for name, value in kept.items() if name not in cleared}
    content = gateway_document(ID, {**rest, **fields}, kept=kept)
    if found is None:
        version = editing.create(gateway, KIND, ID, content)
    else:
        version = editing.change(gateway, KIND, ID, content, found=found)
    return _shown(content, version)


def _shown(content: Mapping[str, Any], version: int) -> dict[str, Any]:
    known = {name: content[name] for name in RULES[KIND] if name in content}
    shown = {**asdict(DEFAULTS), **known, **shown_later(KIND, content)}
    return {**shown, "version": version}
