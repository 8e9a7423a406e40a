"""One line for each call: who called what, and what came of it.

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
    """What is told of a call; times in milliseconds, sizes in bytes.

    `errcode` is WeChat's, 0 where its answer has none; `outcome` our own code where
    no answer came; `rid` is WeChat's id of a call it refused.
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
    """What is told where a credential or its numbers were read."""

    request_id: str
    client: str
    app: str
    event: str


def audit(call: ProxiedCall | Event) -> None:
    """Write the line."""
    if not log.isEnabledFor(logging.INFO):
        return
    # Not asdict, which copies deeply: this runs with every call.
    told = {name: getattr(call, name) for name in call.__slots__}
    line = (_ENCODER.encode(told),)
    # Not log.info, which looks for its caller's line: nobody asks for that of ours.
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, "%s", line, None))
