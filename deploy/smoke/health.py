"""Check of what a function answers to /healthz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.smoke.web import CheckFailed


def healthy_version(told: Mapping[str, Any], expected: str) -> str:
    """Return the version of a healthy function; else raise CheckFailed with the reason.

    `told` is the function's answer to /healthz, or an error in its place; `expected` is
    a version, any version if empty.
    """
    if refusal := next((told[each] for each in _REFUSALS if told.get(each)), None):
        raise CheckFailed(str(refusal))
    away = [name for name in ("redis", "config") if told.get(name) != "ok"]
    if away:
        raise CheckFailed(f"{' and '.join(away)} away")
    return version_told(told, expected)


def version_told(told: Mapping[str, Any], expected: str) -> str:
    """Return the version in an answer; CheckFailed if it is not the expected one."""
    found = str(told.get("version", "none"))
    if expected and found != expected:
        raise CheckFailed(f"version {found} instead of {expected}")
    return f"version {found}"


_REFUSALS = ("ErrorCode", "errorType", "error")
"""Fields with the name of an error: the platform's, its runtime's, and ours."""
