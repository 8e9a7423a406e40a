"""Command `python -m host.tick [FUNCTION ...]`: it runs timer triggers once.

It is for a scheduler outside the host, such as a cron job in Kubernetes. Without names
it runs those of all functions, at the same time.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from host.cannot_start import CannotStart
from host.fc.timer_event import tick
from host.server.options import parse_options
from runtime.errors import SettingsError
from runtime.settings import settings_from
from template.served import Template, TemplateError, Timer, read_template


def main(arguments: Sequence[str]) -> int:
    """Run the timers once; return 1 if any of them failed."""
    signal.signal(signal.SIGTERM, _end)
    process = dict(os.environ)
    words = [each for each in arguments if each.startswith("-")]
    names = [each for each in arguments[1:] if not each.startswith("-")]
    try:
        options = parse_options([arguments[0], *words])
        template = read_template(Path(options.template))
        timers = _timers(template, names)
        settings_from(process)  # reports a fault as the host does
    except (CannotStart, SettingsError, TemplateError) as error:
        print(error, file=sys.stderr)
        return 1
    now = datetime.now(timezone.utc)
    with ThreadPoolExecutor(len(timers) or 1) as pool:
        run = partial(tick, root=template.root, process=process, at=now)
        answers = list(pool.map(run, timers))
    return int(any(map(_is_failure, answers)))


def _timers(template: Template, names: Sequence[str]) -> list[Timer]:
    known = {timer.function.name for timer in template.timers}
    for name in names:
        if name not in known:
            there = ", ".join(sorted(known))
            raise CannotStart(f"{name} has no timer in the template; {there} has one.")
    return [t for t in template.timers if not names or t.function.name in names]


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
