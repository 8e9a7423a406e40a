"""Audit log: one line for each call, with caller, path and outcome.

JSON on the logger `gateway.audit`, without tokens, openids, queries or bodies.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

log = logging.getLogger("gateway.audit")

_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class ProxiedCall:
    """A call that was proxied to WeChat; times in milliseconds, sizes in bytes.

    `errcode` is WeChat's, 0 if its answer has none; `outcome` is our own code if no
    answer came; `rid` is WeChat's id of a call that it refused.
    """

    request_id: str
    client: str
    app: str
    method: str
    path: str
    status: int
    errcode: int
    rid: str | None
    outcome: str
    bytes_up: int
    bytes_down: int
    upstream_ms: float
    own_ms: float
    tries: int


@dataclass(frozen=True, slots=True)
class Event:
    """A request that read a credential or its counters."""

    request_id: str
    client: str
    app: str
    event: str


def audit(call: ProxiedCall | Event) -> None:
    """Write the line."""
    if not log.isEnabledFor(logging.INFO):
        return
    # Not asdict, which copies deeply: this runs with every call.
    fields = {name: getattr(call, name) for name in call.__slots__}
    line = (_ENCODER.encode(fields),)
    # Not log.info, which looks up its caller's file and line at each call.
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, "%s", line, None))
