"""The host put together: in one process, or in several on the same port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from socket import socket

from tornado.options import OptionParser

from host.cannot_start import CannotStart
from host.processes.connection_counts import ConnectionCounts, OwnCount
from host.processes.prefork import Prefork
from host.processes.shared_log import own_log_file, share_stderr
from host.server.application import make_application
from host.server.draining import Draining
from host.server.request_body import MB, BodyBudget
from host.server.server import most_connections, raise_file_limit
from host.server.serving import Shutdown, serve
from host.server.started_functions import StartedFunctions
from host.server.timer_triggers import Timers
from host.server.workers import Workers
from runtime.push.ask_threads import of_this_process as asks_of_this_process
from runtime.usage.in_flight import of_this_process, sign_ins_of_this_process
from template.served import Template


class Host:
    """A server of a template's functions, with the settings of the environment."""

    def __init__(
        self, options: OptionParser, template: Template, *, trusted_hops: int
    ) -> None:
        self._options = options
        self._template = template
        self._trusted_hops = trusted_hops

    def serve(self, sockets: Sequence[socket], *, on_ready: Callable[[], None]) -> bool:
        """Serve until a signal; False if a second signal cut the shutdown short.

        CannotStart if worker processes end too often to go on.
        """
        if self._options.processes > 1:
            return self._serve_in_several(sockets, on_ready)
        shutdown = Shutdown(
            self._options.shutdown_seconds, drain_seconds=self._options.drain_seconds
        )
        return asyncio.run(self._serve_here(sockets, on_ready, shutdown=shutdown))

    def _serve_in_several(
        self, sockets: Sequence[socket], on_ready: Callable[[], None]
    ) -> bool:
        seconds = self._options.shutdown_seconds
        drain_seconds = self._options.drain_seconds
        counts = ConnectionCounts(self._options.processes)

        def work(number: int) -> None:
            count = counts.of_process(number)
            own_log_file(number)
            shutdown = Shutdown(
                seconds, second_signal_ends=False, drain_seconds=drain_seconds
            )
            # Closing a loop gives signals their default back: a late signal would end
            # this process in its last steps, before its log is flushed.
            loop = asyncio.new_event_loop()
            loop.run_until_complete(
                self._serve_here(
                    sockets, _nothing, shutdown=shutdown, number=number, count=count
                )
            )

        share_stderr()
        processes = Prefork(work, size=self._options.processes)
        on_ready()  # connections wait in the socket's queue for the first process
        stopped_by_signal = processes.supervise()
        for each in sockets:
            each.close()  # or callers would wait in a queue that nobody accepts from
        finished = processes.end(drain_seconds + seconds)
        if not stopped_by_signal:
            raise CannotStart("The processes of the host end again and again.")
        return finished

    async def _serve_here(
        self,
        sockets: Sequence[socket],
        on_ready: Callable[[], None],
        *,
        shutdown: Shutdown,
        number: int = 1,
        count: OwnCount | None = None,
    ) -> bool:
        options = self._options
        files = raise_file_limit()
        for in_flight in (of_this_process, sign_ins_of_this_process):
            in_flight.limit(options.calls_in_flight)
        asks_of_this_process.allow()
        draining = Draining()
        workers = Workers(
            threads=options.threads,
            timeouts=options.timeouts,
            calls_in_flight=options.calls_in_flight,
        )
        application = make_application(
            self._template,
            process=dict(os.environ),
            start_function=StartedFunctions(
                self._template, workers, process=dict(os.environ)
            ).start,
            # With `debug` among them Tornado reloads a changed source file.
            settings={
                **options.as_dict(),
                "fc_limits": (
                    options.development
                    if options.fc_limits is None
                    else options.fc_limits
                ),
                "workers": workers,
                "draining": draining,
                "body_budget": BodyBudget(options.body_mb * MB),
                "trusted_hops": self._trusted_hops,
            },
        )
        timers = Timers(self._template, workers, process=dict(os.environ))
        if options.timers and number == 1:  # as on FC, each ticks once
            timers.start()
        try:
            return await serve(
                application,
                sockets=sockets,
                workers=workers,
                shutdown=shutdown,
                on_ready=on_ready,
                max_connections=options.max_connections or most_connections(files),
                count=count,
                goes_on=lambda: asks_of_this_process.number > 0,
                on_drain=draining.begin,
            )
        finally:
            timers.stop()


def _nothing() -> None:
    pass
