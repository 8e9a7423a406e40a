"""The gateway on one machine: plays Function Compute's HTTP trigger in Tornado."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from socket import socket
from typing import Any

from tornado import autoreload
from tornado.options import OptionParser

from host.cannot_start import CannotStart
from host.development import Machine, furnish
from host.front import Front
from host.household import Household
from host.options import parse_options
from host.serving import listen, serve
from host.signature import AccessKey
from host.template import Template, read_template
from host.timers import Timers
from host.web import make_application
from host.workers import Workers
from runtime.setting_values import SettingsError
from runtime.settings import settings_from


def main(arguments: list[str]) -> int:
    """Serve until a signal ends it; return the exit code and leave nothing running."""
    signal.signal(signal.SIGTERM, _interrupt)  # until the loop takes it over
    household = Household(os.environ)
    try:
        drained = _run(parse_options(arguments), household)
    except (CannotStart, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        household.end()
    if not drained:  # a call that hangs in its thread would hold up the exit
        logging.shutdown()
        os._exit(0)
    return 0


def _run(options: OptionParser, household: Household) -> bool:
    template = read_template(Path(options.template))
    sockets = listen(options.port, options.address)
    url = f"http://{options.address}:{sockets[0].getsockname()[1]}"
    told = []
    if options.development:
        machine = Machine(url, options.sandbox_port)
        told = furnish(os.environ, machine=machine, household=household)
    settings_from(os.environ)  # a fault is named now, not at the first request
    greeting = "\n".join([f"ready {url}", *told])
    return asyncio.run(_serve(options, template, sockets, household, greeting))


async def _serve(
    options: OptionParser,
    template: Template,
    sockets: list[socket],
    household: Household,
    greeting: str,
) -> bool:
    workers = Workers(threads=options.threads, timeouts=options.timeouts)
    key = AccessKey(options.access_key_id, options.access_key_secret)
    front = Front(template, process=dict(os.environ), key=key)
    if options.debug:
        _watch(template.root, household)
    application = make_application(front, workers, debug=options.debug)
    timers = Timers(template, workers, process=dict(os.environ))
    timers.start()
    try:
        return await serve(
            application,
            sockets=sockets,
            workers=workers,
            on_ready=lambda: print(greeting, flush=True),
        )
    finally:
        timers.stop()


def _watch(root: Path, household: Household) -> None:
    # Also what is not loaded yet, or could not be: the next edit may mend it.
    for pattern in ("template.yml", "functions/**/*.py", "runtime/**/*"):
        for file in root.glob(pattern):
            autoreload.watch(str(file))
    autoreload.add_reload_hook(household.hand_over)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv))
