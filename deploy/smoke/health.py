"""What a function says of itself, judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.smoke.web import Unwell


def well(told: Mapping[str, Any], expected: str) -> str:
    """Return the version of a function that is well; Unwell says what hinders it.

    `told` is what it answered to /healthz, or an error in its place; `expected` is a
    version, or any if empty.
    """
    if refusal := next((told[each] for each in _REFUSALS if told.get(each)), None):
        raise Unwell(str(refusal))
    away = [name for name in ("redis", "config") if told.get(name) != "ok"]
    if away:
        raise Unwell(f"{' and '.join(away)} away")
    return version_told(told, expected)


def version_told(told: Mapping[str, Any], expected: str) -> str:
    """Return the version in an answer; Unwell if it is not the one expected."""
    found = str(told.get("version", "none"))
    if expected and found != expected:
        raise Unwell(f"version {found} in place of {expected}")
    return f"version {found}"


_REFUSALS = ("ErrorCode", "errorType", "error")
"""Where an error's name stands: the platform's, its runtime's, and ours."""
