"""Round of alerts: finds what is wrong, and leaves the messages for deliver to send.

Nothing is looked for where no alert stands in the documents, and no operator has
acknowledged a condition.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from runtime.alerts.notices import Notice, to_payload
from runtime.alerts.sending import KIND
from runtime.alerts.state import AlertStates, Message, State
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.operations.acknowledgements import acknowledgements
from runtime.operations.conditions import Findings, examine
from runtime.push.budgets import InboxFull
from runtime.push.deliveries import NO_APP, job_id_of
from runtime.registry.alerts import Alert
from runtime.usage.counters import METRICS_KEY
from runtime.usage.metrics import UPSTREAM_CALLS
from runtime.usage.stored_numbers import whole_numbers

QUOTA = "45009"
"""WeChat's errcode for a quota that is used up."""

log = logging.getLogger("gateway.alerts")


def tell(gateway: Gateway, *, clock: Callable[[], float] | None = None) -> int:
    """Return how many messages were left for deliver.

    The clock is by default Redis', so that all instances have the same. A fault is
    logged, and ends no other work of the timer's.
    """
    try:
        alerts = gateway.registry.alerts()
        if not alerts and not acknowledgements(gateway):
            return 0
        return _round(gateway, alerts, clock or gateway.redis_store.time)
    except GatewayError as error:
        log.warning("round not finished, %s", error.code)
    except Exception:
        log.exception("round not finished")
    return 0


def _round(
    gateway: Gateway, alerts: Sequence[Alert], clock: Callable[[], float]
) -> int:
    states = AlertStates(gateway.redis_store)
    state, text = states.read()
    left = _leave(gateway, state.messages)
    changed: str | None = text
    if left:
        del state.messages[: len(left)]
        changed = states.change(text, state)
    now = clock()
    if changed is None or not state.is_due(now):
        return len(left)
    findings = examine(gateway)
    found = [*_notices(gateway, findings, now), *_quotas(gateway, state, now)]
    state.advance(found, unknown=findings.unknown, alerts=alerts, now=now)
    if not alerts:
        state.forget_all_but_acknowledged()
    changed = states.change(changed, state)
    if changed is None:
        return len(left)  # another round was faster
    added = _leave(gateway, state.messages)
    if added:
        del state.messages[: len(added)]
        states.change(changed, state)
    return len(left) + len(added)


def _leave(gateway: Gateway, messages: Sequence[Message]) -> Sequence[Message]:
    """Add the messages as jobs, and return those that are; a second one is none."""
    for place, each in enumerate(messages):
        try:
            gateway.deliveries.add(
                f"{KIND}/{each.alert}",
                KIND,
                to_payload(each.notices),
                job_id=job_id_of(NO_APP, f"{KIND}-{each.id}"),
            )
        except (InboxFull, GatewayError) as error:
            log.warning("messages wait, %s", type(error).__name__)
            return messages[:place]
    return list(messages)


def _notices(gateway: Gateway, findings: Findings, now: float) -> list[Notice]:
    return [
        Notice(each.name, each.of, each.says, each.mend, since=int(now))
        for each in findings.found
        if not (each.name == "dead_letters" and _is_of_alerts(gateway, each.of))
    ]


def _is_of_alerts(gateway: Gateway, appid: str) -> bool:
    """Tell whether an app's dead letters are all alerts: these would raise others."""
    if appid != NO_APP:
        return False
    return all(each.kind == KIND for each in gateway.dead_letters.list(NO_APP))


def _quotas(gateway: Gateway, state: State, now: float) -> list[Notice]:
    counts: dict[str, int] = {}
    for name, number in whole_numbers(gateway.redis_store.fields(METRICS_KEY)):
        parts = name.split("|")
        if parts[0] == UPSTREAM_CALLS.name and parts[2:] == [QUOTA]:
            counts[parts[1]] = number
    return [
        Notice(
            "quota_gone",
            app,
            "WeChat refuses calls: a quota is used up (45009).",
            "manage.py status and the metric gateway_calls_total tell who calls; lower "
            "the client's rate; quotas begin anew at midnight in China",
            since=int(now),
        )
        for app in state.without_quota(counts, now=now)
    ]
