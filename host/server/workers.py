"""Worker threads in which functions run, and the work that is in flight."""

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
    """Calls of functions in threads, as many at once as FC would start instances.

    With `timeouts` a call that takes longer than the template allows is answered as FC
    answers it. FC kills the call; here its thread goes on, and the timeout is logged.
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

    async def run_counted(self, work: Callable[[], T]) -> T:
        """Run the work in a thread; meanwhile it counts as in flight."""
        self.in_flight.add(work)
        try:
            return await self._threads.run(work)
        finally:
            self.in_flight.discard(work)

    def stop(self) -> None:
        """Begin no further call; a call that hangs in its thread is left behind."""
        self._threads.stop()


def _timed_out(function: Function, call: Call) -> Answer:
    seconds = function.timeout
    log.error("%s %s ran longer than %d s", call.request_id, function.name, seconds)
    return failure("FunctionTimedOut")
