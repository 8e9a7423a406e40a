"""Acknowledgements of alarms: who takes care of a condition, for others to see.

One lasts as long as its condition. The rounds of `refresh` find out when that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from runtime.alerts.notices import Notice
from runtime.alerts.state import Acknowledgement, AlertStates
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.conditions import examine
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.alerts import CONDITIONS
from runtime.registry.rules import text, word
from runtime.registry.schema import checked_fields

MOST_OF_NAME = 64
"""Characters of the name of who takes care."""

_ATTEMPTS = 5

_RULES = {
    "condition": word(*CONDITIONS),
    "of": text(r"[A-Za-z0-9_./:-]{1,100}", "what the alarm is about, as status prints"),
    "by": text(rf"[^\x00-\x1f\x7f]{{1,{MOST_OF_NAME}}}", "1 to 64 characters"),
}


def acknowledge(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Say that somebody takes care of a condition; `by` tells others who.

    UnknownDocument for one that is not there.
    """
    known = checked_fields(arguments, _RULES, needed=("condition", "of"))
    condition, of = known["condition"], known["of"]
    now = gateway.redis_store.time()
    states = AlertStates(gateway.redis_store)
    made = Acknowledgement(known.get("by", ""), int(now))
    notice: Notice | None = None
    for _ in range(_ATTEMPTS):
        state, before = states.read()
        if notice is None and not state.has(condition, of):
            notice = _found(gateway, condition, of, now=now)
        state.acknowledge(condition, of, made, notice=notice)
        if states.change(before, state) is not None:
            return {"condition": condition, "of": of, "acknowledged": shown(made)}
    raise OperationRefused(
        "The rounds have changed the alarms each time: look, and try again."
    )


def acknowledgements(gateway: Gateway) -> Mapping[tuple[str, str], Acknowledgement]:
    """Return who takes care of what, by condition and what it is about.

    Nothing where Redis is away: that hides no condition.
    """
    try:
        state, _ = AlertStates(gateway.redis_store).read()
    except ServiceUnavailable:
        return {}
    return state.acknowledgements()


def shown(made: Acknowledgement) -> str:
    """Return since when, and by whom as far as known, for an operator."""
    at = datetime.fromtimestamp(made.at, timezone.utc).isoformat(timespec="seconds")
    return f"{at} by {made.by}" if made.by else at


def _found(gateway: Gateway, condition: str, of: str, *, now: float) -> Notice:
    for each in examine(gateway).found:
        if (each.name, each.of) == (condition, of):
            return Notice(each.name, each.of, each.says, each.mend, since=int(now))
    raise UnknownDocument(f"There is no alarm {condition} of {of}: status.")
