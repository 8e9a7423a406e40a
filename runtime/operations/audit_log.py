"""Writing of the audit log: into the store of documents, or into Redis meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runtime.documents.waiting_acts import WaitingActs
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway

log = logging.getLogger("gateway.admin")


@dataclass(frozen=True, slots=True)
class Begun:
    """An act that has begun; it `waits` in Redis if the store did not take it."""

    name: str
    waits: bool = False


def begin(gateway: Gateway, act: Mapping[str, Any], *, in_redis: bool) -> Begun:
    """Write who begins what; OSError if the store does not take it.

    With `in_redis` it then waits in Redis, if that has room.
    """
    audit, now = gateway.documents.audit, gateway.clock()
    try:
        name = audit.begin(act, now=now)
    except OSError:
        if not in_redis:
            raise
        name, content = audit.begun(act, now=now)
        try:
            WaitingActs(gateway.redis_store).keep(name, content)
        except ServiceUnavailable:
            name = ""
        if not name:
            raise
        return Begun(name, waits=True)
    take_waiting(gateway)
    return Begun(name)


def end(gateway: Gateway, begun: Begun, outcome: Mapping[str, Any]) -> None:
    """Write what came of an act, to where its begin stands; OSError."""
    audit, now = gateway.documents.audit, gateway.clock()
    if not begun.waits:
        audit.end(begun.name, outcome, now=now)
        return
    try:
        WaitingActs(gateway.redis_store).keep(
            *audit.ended(begun.name, outcome, now=now)
        )
    except ServiceUnavailable:
        raise OSError("Redis") from None


def take_waiting(gateway: Gateway) -> None:
    """Write the acts that have waited, if there are any and the store takes them.

    Two processes that do so at once write the same.
    """
    acts = WaitingActs(gateway.redis_store)
    with suppress(OSError, ServiceUnavailable):
        for name, content in acts.waiting().items():
            gateway.documents.audit.put(name, content)
            acts.remove(name)
            log.info("%s: written to the audit log, had waited in Redis", name)
