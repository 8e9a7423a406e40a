"""Parameters of the template, with values from the deployer's environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from deploy.package.failed import BuildFailed
from runtime.settings import Settings

SETTINGS = tuple(field.name.upper() for field in fields(Settings))
NEEDED = tuple(f.name.upper() for f in fields(Settings) if f.default is MISSING)
"""Settings without which a function only names what is missing."""

_TOGETHER = (
    ("BUCKET_KEY_ID", "BUCKET_KEY_SECRET"),
    ("CERTIFICATE_NAME", "CERTIFICATE", "CERTIFICATE_KEY"),
    ("VPC_ID", "VSWITCH_ID", "SECURITY_GROUP_ID"),
    ("LOG_PROJECT", "LOG_STORE"),
)


def parameter_values(
    parameters: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the given values, else the defaults, without empty ones.

    BuildFailed if only some parameters of a group are given.
    """
    found = {
        name: environ.get(name, "").strip() or each["Default"]
        for name, each in parameters.items()
    }
    values = {name: value for name, value in found.items() if value}
    for name, each in parameters.items():
        allowed = each.get("AllowedValues")
        if allowed and values.get(name) not in allowed:
            raise BuildFailed(f"{name} must be {' or '.join(allowed)}.")
    for group in _TOGETHER:
        given = [name for name in group if name in values]
        lacking = [name for name in group if name not in values]
        if given and lacking:
            raise BuildFailed(f"{given[0]} needs {' and '.join(lacking)} too.")
    return values
