"""The command status: whether everything is well, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.alerts.state import Acknowledgement
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.acknowledgements import acknowledgements, shown
from runtime.operations.conditions import Condition, conditions
from runtime.registry.schema import checked_fields
from runtime.version import version


def _number(count: Callable[[], int]) -> int | None:
    try:
        return count()
    except ServiceUnavailable:
        return None


def _what(
    condition: Condition, cared_for: Mapping[tuple[str, str], Acknowledgement]
) -> str:
    made = cared_for.get((condition.name, condition.of))
    return f"{condition.says} Acknowledged {shown(made)}." if made else condition.says


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is reachable, some figures, and as `faults` what is wrong."""
    checked_fields(arguments, {})
    # First: an address that WeCom refuses is a condition.
    wecom = gateway.wecom_reach.find()
    found = conditions(gateway)
    cared_for = acknowledgements(gateway) if found else {}
    faults = [
        {"of": each.of, "what": _what(each, cared_for), "mend": each.mend}
        for each in found
    ]
    return {
        "version": version(),
        **gateway.health.find(),
        **wecom,
        "apps": _number(lambda: len(gateway.registry.apps())),
        "clients": _number(lambda: len(gateway.registry.clients())),
        "tokens_in_use": _number(lambda: len(gateway.upkeep.ages())),
        "state": "something is wrong" if faults else "all is well",
        **({"faults": faults} if faults else {}),
    }
