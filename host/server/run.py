"""The host put together: in one process, or in several on the same port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from socket import socket

from tornado import autoreload
from tornado.options import OptionParser

from host.cannot_start import CannotStart
from host.fc.front import Front
from host.fc.signature import AccessKey
from host.fc.template import Template
from host.processes.prefork import Crew
from host.processes.shared_log import own_log_file, share_stderr
from host.server.serving import Ending, serve
from host.server.timers import Timers
from host.server.web import FunctionSite
from host.server.workers import Workers
from runtime.gateway import forget_gateway


class House:
    """Serves a template's functions, with the settings that the environment has now."""

    def __init__(
        self, options: OptionParser, template: Template, *, trusted_hops: int
    ) -> None:
        self._options = options
        self._template = template
        self._trusted_hops = trusted_hops

    def serve(self, sockets: Sequence[socket], *, on_ready: Callable[[], None]) -> bool:
        """Serve until a signal; False if a second one cut the ending short.

        CannotStart if processes die too often for it to go on.
        """
        if self._options.processes > 1:
            return self._by_crew(sockets, on_ready)
        ending = Ending(self._options.shutdown_seconds)
        return asyncio.run(self._alone(sockets, on_ready, ending=ending))

    def _by_crew(self, sockets: Sequence[socket], on_ready: Callable[[], None]) -> bool:
        seconds = self._options.shutdown_seconds

        def work(number: int) -> None:
            own_log_file(number)
            forget_gateway()  # its connections are the parent's
            ending = Ending(seconds, may_be_hurried=False)
            # A loop that is closed gives signals their default back: one that comes
            # late would cut this process short in its last steps, log and all.
            loop = asyncio.new_event_loop()
            loop.run_until_complete(
                self._alone(sockets, _nothing, ending=ending, number=number)
            )

        share_stderr()
        crew = Crew(work, size=self._options.processes)
        on_ready()  # what comes now waits for the first of them
        is_well = crew.keep()
        for each in sockets:
            each.close()  # or callers would wait in a queue that nobody looks after
        in_peace = crew.end(seconds)
        if not is_well:
            raise CannotStart("The processes of the host end again and again.")
        return in_peace

    async def _alone(
        self,
        sockets: Sequence[socket],
        on_ready: Callable[[], None],
        *,
        ending: Ending,
        number: int = 1,
    ) -> bool:
        options = self._options
        workers = Workers(threads=options.threads, timeouts=options.timeouts)
        site = self._site(workers)
        timers = Timers(self._template, workers, process=dict(os.environ))
        if options.timers and number == 1:  # as on FC, each ticks once
            timers.start()
        if options.debug:
            autoreload.start()
        try:
            return await serve(
                site, sockets=sockets, workers=workers, ending=ending, on_ready=on_ready
            )
        finally:
            timers.stop()

    def _site(self, workers: Workers) -> FunctionSite:
        options = self._options
        key = AccessKey(options.access_key_id, options.access_key_secret)
        front = Front(self._template, process=dict(os.environ), key=key)
        return FunctionSite(front, workers, trusted_hops=self._trusted_hops)


def _nothing() -> None:
    pass
