"""Timer event: a call of a timer's function, as Function Compute makes it."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from host.fc.context import Context, fixed_context
from host.fc.loader import LoadError, load_handler
from template.served import Timer

log = logging.getLogger("host")


def tick(timer: Timer, *, root: Path, process: Mapping[str, str], at: datetime) -> Any:
    """Call the function with FC's event; return its answer, None if it failed."""
    request_id = str(uuid.uuid4())
    event = {
        "triggerTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "triggerName": timer.name,
        "payload": timer.payload,
    }
    try:
        handler: Any = load_handler(root, timer.function.handler)
        context = Context(request_id, fixed=fixed_context(timer.function, process))
        answer = handler(json.dumps(event).encode(), context)
    except (LoadError, Exception, SystemExit):
        log.exception("%s %s failed", request_id, timer.function.name)
        return None
    log.info("%s %s: %s", request_id, timer.function.name, answer)
    return answer
