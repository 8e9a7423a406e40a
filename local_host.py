"""Local host: the gateway on one machine, with FC's HTTP triggers in Tornado."""

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
from host.processes.systemd import inherited_sockets, ready_notice, url_of
from host.server.options import parse_options
from host.server.run import Host
from host.server.serving import listen
from runtime.errors import RedisFault, ServiceUnavailable, SettingsError
from runtime.gateway import Gateway
from runtime.settings import Settings, settings_from
from runtime.version import version
from template.served import TemplateError, read_served_template

_CUT_SHORT = 130
"""Exit code if a signal ends the host at once."""

log = logging.getLogger("host")


def main(arguments: list[str]) -> int:
    """Serve until a signal ends it; return the exit code and leave nothing running."""
    # Until the event loop handles these signals.
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
    inherited = inherited_sockets(os.environ, reloads=options.debug)
    sockets = inherited or listen(options.port, options.address)
    url = f"http://{options.address}:{sockets[0].getsockname()[1]}"
    if inherited:
        url = url_of(sockets[0])
    tell_ready = ready_notice(os.environ)
    lines = []
    embeds_redis = options.development and not os.environ.get("REDIS_URL", "").strip()
    if options.development:
        machine = Machine(url, options.sandbox_port)
        lines = set_up(os.environ, machine=machine, children=children)
    settings = settings_from(os.environ)  # a fault is reported now, not at a request
    _check_redis(settings, is_embedded=embeds_redis)
    if options.debug:
        _watch(template.root, children)
    host = Host(options, template, trusted_hops=settings.trusted_proxy_hops)
    interruption.check()
    greeting = "\n".join([f"ready {url}", *lines])
    log.info("version %s, processes %d, %s", version(), options.processes, url)

    def on_ready() -> None:
        print(greeting, flush=True)
        tell_ready()

    return host.serve(sockets, on_ready=on_ready)


def _check_redis(settings: Settings, *, is_embedded: bool) -> None:
    """Refuse to start on the Redis of another deployment."""
    gateway = Gateway(settings)
    store, push_store = gateway.redis_store, gateway.push_store
    # The embedded one is this folder's own, whatever port the host listens on.
    checks = [store.take_over if is_embedded else store.check_deployment]
    if push_store is not store:
        checks.append(push_store.check_deployment)
    for check in checks:
        try:
            check()
        except RedisFault as other:
            raise CannotStart(other.explanation) from None
        except ServiceUnavailable:
            pass  # it may come back; /healthz says whether it has


def _watch(root: Path, children: Children) -> None:
    # Also files that are not loaded, or could not be: the next edit may correct them.
    for pattern in ("template.yml", "functions/**/*.py", "runtime/**/*"):
        for file in root.glob(pattern):
            autoreload.watch(str(file))
    autoreload.add_reload_hook(children.hand_over)


if __name__ == "__main__":
    code = main(sys.argv)
    # Only a call that hangs in its thread may be left, and nothing waits for it.
    logging.shutdown()
    os._exit(code)
