"""The gateway on one machine: plays Function Compute's HTTP trigger in Tornado."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

from tornado import autoreload
from tornado.options import OptionParser

from host.cannot_start import CannotStart
from host.developer.development import Machine, set_up
from host.processes.children import Children
from host.processes.signals import Interruption
from host.server.options import parse_options
from host.server.run import Host
from host.server.serving import listen
from runtime.errors import SettingsError
from runtime.settings import settings_from
from template.served import TemplateError, read_served_template

_CUT_SHORT = 130
"""The exit code of whom a signal ends at once."""


def main(arguments: list[str]) -> int:
    """Serve until a signal ends it; return the exit code and leave nothing running."""
    # Until the loop takes them over.
    interruption = Interruption(signal.SIGINT, signal.SIGTERM)
    children = Children(os.environ)
    try:
        finished = _run(parse_options(arguments), children, interruption)
    except (CannotStart, SettingsError, TemplateError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _CUT_SHORT
    finally:
        children.end()
    return 0 if finished else _CUT_SHORT


def _run(options: OptionParser, children: Children, interruption: Interruption) -> bool:
    template = read_served_template(Path(options.template))
    sockets = listen(options.port, options.address)
    url = f"http://{options.address}:{sockets[0].getsockname()[1]}"
    told = []
    if options.development:
        machine = Machine(url, options.sandbox_port)
        told = set_up(os.environ, machine=machine, children=children)
    settings = settings_from(os.environ)  # a fault is named now, not at a request
    if options.debug:
        _watch(template.root, children)
    host = Host(options, template, trusted_hops=settings.trusted_proxy_hops)
    interruption.check()
    greeting = "\n".join([f"ready {url}", *told])
    return host.serve(sockets, on_ready=lambda: print(greeting, flush=True))


def _watch(root: Path, children: Children) -> None:
    # Also what is not loaded yet, or could not be: the next edit may mend it.
    for pattern in ("template.yml", "functions/**/*.py", "runtime/**/*"):
        for file in root.glob(pattern):
            autoreload.watch(str(file))
    autoreload.add_reload_hook(children.hand_over)


if __name__ == "__main__":
    code = main(sys.argv)
    # All is ended but perhaps a call that hangs in its thread: nobody waits for it.
    logging.shutdown()
    os._exit(code)
