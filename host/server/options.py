"""Options of the host, on the command line and in a config file."""

from __future__ import annotations

from collections.abc import Sequence

from tornado.log import define_logging_options
from tornado.options import Error, OptionParser

from host.cannot_start import CannotStart
from host.processes.children import PROJECT
from host.server.log_lines import FORMATS, TEXT, format_lines
from host.server.workers import CALLS_IN_FLIGHT

_LAST_PORT = 65535


def parse_options(arguments: Sequence[str]) -> OptionParser:
    """Return the options; `arguments` begin with the program's name.

    The command line takes precedence over the config file. Tornado's own --logging and
    --log_file_* options take effect here.
    """
    options = _defined()
    try:
        options.parse_command_line(list(arguments), final=False)
        if options.config:
            options.parse_config_file(options.config, final=False)
            options.parse_command_line(list(arguments), final=False)
    # A config file is Python, so it may raise anything.
    except (Error, Exception) as error:
        raise CannotStart(f"The options cannot be read: {error}") from None
    _check(options)
    try:
        options.run_parse_callbacks()
        format_lines(options.log_format)
    except (AttributeError, OSError, ValueError) as error:  # no such level or path
        raise CannotStart(f"The log cannot be set up: {error}") from None
    return options


def _check(options: OptionParser) -> None:
    # Beyond that the system would silently use another port.
    if not 0 <= options.port <= _LAST_PORT:
        raise CannotStart(f"--port must be a number from 0 to {_LAST_PORT}.")
    if not 1 <= options.sandbox_port <= _LAST_PORT:
        raise CannotStart(f"--sandbox_port must be a number from 1 to {_LAST_PORT}.")
    if options.processes < 1 or (options.debug and options.processes > 1):
        raise CannotStart("--processes must be 1 or more, and 1 with --debug.")
    if options.max_connections < 0:
        raise CannotStart("--max_connections must not be negative.")
    if options.log_format not in FORMATS:
        raise CannotStart("--log_format must be text or json.")
    if options.drain_seconds < 0:
        raise CannotStart("--drain_seconds must not be negative.")
    for name in ("threads", "calls_in_flight", "body_mb"):
        if options[name] < 1:
            raise CannotStart(f"--{name} must be 1 or more.")


def _defined() -> OptionParser:
    options = OptionParser()
    define = options.define
    define("port", default=8080, help="port to listen on; 0 for a free one")
    define("address", default="127.0.0.1", help="address to listen on")
    define("sandbox_port", default=8001, help="port of the simulated WeChat platform")
    define("config", type=str, help="file with options, name = value, in Python")
    define(
        "template",
        default=str(PROJECT / "template.yml"),
        help="file with functions, triggers and routes",
    )
    define("debug", default=False, help="reload when a source file changes")
    define("development", default=True, help="fill in settings that are missing")
    define("processes", default=1, help="number of processes that serve the port")
    define("threads", default=32, help="threads of each function in each process")
    define(
        "calls_in_flight",
        default=CALLS_IN_FLIGHT,
        help="calls of a process that may wait for WeChat at the same time",
    )
    define("body_mb", default=256, help="megabytes of requests' bodies in each process")
    define(
        "max_connections",
        default=0,
        help="connections of each process; 0 for half of the open files it may have",
    )
    define(
        "timeouts", default=True, help="end a long call as FC does; off for a debugger"
    )
    define(
        "fc_limits",
        type=bool,
        help="bound answers and drop headers as FC does; by default in development",
    )
    define("timers", default=True, help="run the timer triggers")
    define(
        "shutdown_seconds", default=20.0, help="time for requests in flight at shutdown"
    )
    define(
        "drain_seconds",
        default=0.0,
        help="time before that in which /healthz answers 503 and all else is served",
    )
    define("access_key_id", default="", help="access key id for AuthType FUNCTION")
    define("access_key_secret", default="", help="its secret, which signs the calls")
    define("log_format", default=TEXT, help="text, or json: an object a line")
    define_logging_options(options)
    return options
