"""Command `python -m host.tick`: it runs each timer trigger once.

It is for a scheduler outside the host, such as a cron job in Kubernetes.
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
    """Run each timer of the template once; return 1 if any of them failed."""
    signal.signal(signal.SIGTERM, _end)
    process = dict(os.environ)
    try:
        template = read_template(Path(parse_options(arguments).template))
        settings_from(process)  # reports a fault as the host does
    except (CannotStart, SettingsError, TemplateError) as error:
        print(error, file=sys.stderr)
        return 1
    now = datetime.now(timezone.utc)
    answers = [
        tick(timer, root=template.root, process=process, at=now)
        for timer in template.timers
    ]
    return int(any(map(_is_failure, answers)))


def _end(number: int, _frame: object) -> None:
    # For process 1 the kernel drops a signal without a handler. Leases of this round
    # expire, as they do when Function Compute ends an instance.
    os._exit(128 + number)


def _is_failure(answer: Any) -> bool:
    # Our timer reports errors as JSON: FC would repeat a round that raises.
    return answer is None or (
        isinstance(answer, str) and answer.startswith('{"error":')
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv))
