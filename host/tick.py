"""One tick of a timer trigger; `python -m host.tick` lets each timer tick once.

That is for a scheduler outside of the host, such as a cron job in Kubernetes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from host.cannot_start import CannotStart
from host.fc.timer_event import tick
from host.server.options import parse_options
from runtime.errors import SettingsError
from runtime.settings import settings_from
from template.served import TemplateError, read_template


def main(arguments: Sequence[str]) -> int:
    """Let each timer of the template tick now; return 1 if any of them failed."""
    signal.signal(signal.SIGTERM, _end)
    process = dict(os.environ)
    try:
        template = read_template(Path(parse_options(arguments).template))
        settings_from(process)  # a fault is named, as the host names it
    except (CannotStart, SettingsError, TemplateError) as error:
        print(error, file=sys.stderr)
        return 1
    now = datetime.now(timezone.utc)
    told = [
        tick(timer, root=template.root, process=process, at=now)
        for timer in template.timers
    ]
    return int(any(map(_is_failure, told)))


def _end(number: int, _frame: object) -> None:
    # Of process 1 the kernel drops a signal that nobody handles. What the round holds
    # runs out by itself, as where Function Compute ends it.
    os._exit(128 + number)


def _is_failure(told: Any) -> bool:
    # Ours say what went wrong in JSON: FC would repeat a round that raises.
    return told is None or (isinstance(told, str) and told.startswith('{"error":'))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
