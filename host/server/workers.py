"""The threads in which functions run, and what the host has to see through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from host.fc.answer import Answer
from host.fc.call import Call
from host.fc.instance import Instance
from host.fc.refusals import failure
from host.server.threads import Threads
from template.served import Function

T = TypeVar("T")

log = logging.getLogger("host")


class Workers:
    """As many calls at once as there are threads; FC would start as many instances.

    With `timeouts` a call that takes longer than the template allows is answered as
    FC does, which kills it; its thread goes on here, so it is only logged.
    """

    def __init__(self, *, threads: int, timeouts: bool) -> None:
        self._threads = Threads(threads, name="function")
        self._timeouts = timeouts
        self.in_flight: set[object] = set()

    async def run(self, instance: Instance, call: Call) -> Answer:
        """Return the instance's answer, made in a thread."""
        answer = self._threads.run(partial(instance, call))
        if not self._timeouts:
            return await answer
        # A bare timer: asyncio.wait_for makes a second future for every call.
        loop = asyncio.get_running_loop()
        timer = loop.call_later(instance.function.timeout, answer.cancel)
        try:
            return await answer
        except asyncio.CancelledError:
            return _timed_out(instance.function, call)
        finally:
            timer.cancel()

    async def see_through(self, work: Callable[[], T]) -> T:
        """Return what the work does in a thread; it counts as in flight meanwhile."""
        self.in_flight.add(work)
        try:
            return await self._threads.run(work)
        finally:
            self.in_flight.discard(work)

    def stop(self) -> None:
        """Begin no call any more; one that hangs in its thread is left behind."""
        self._threads.stop()


def _timed_out(function: Function, call: Call) -> Answer:
    seconds = function.timeout
    log.error("%s %s ran longer than %d s", call.request_id, function.name, seconds)
    return failure("FunctionTimedOut")
