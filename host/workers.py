"""The threads in which functions run, and what still runs when the host is to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from host.answer import Answer
from host.call import Call
from host.instance import Instance
from host.refusals import failure
from host.template import Function

T = TypeVar("T")

log = logging.getLogger("host")


class Workers:
    """As many calls at once as there are threads; FC would start as many instances.

    With `timeouts` a call that takes longer than the template allows is answered as
    FC does, which kills it; its thread goes on here, so it is only logged.
    """

    def __init__(self, *, threads: int, timeouts: bool) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._timeouts = timeouts
        self._running: set[Future[Any]] = set()
        self.in_flight: set[object] = set()

    async def run(self, instance: Instance, call: Call) -> Answer:
        """Return the instance's answer, made in a thread."""
        loop = asyncio.get_running_loop()
        answer = self.start(lambda: instance(call))
        if not self._timeouts:
            return await answer
        # A bare timer: asyncio.wait_for makes a second future for every call.
        timer = loop.call_later(instance.function.timeout, answer.cancel)
        try:
            return await answer
        except asyncio.CancelledError:
            return _timed_out(instance.function, call)
        finally:
            timer.cancel()

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do the work in a thread; the host waits for it a little when it ends."""
        running = self._executor.submit(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return asyncio.wrap_future(running)

    async def drain(self, seconds: float) -> bool:
        """Wait for what is in flight; tell whether no call is left in a thread."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.in_flight and loop.time() < deadline:
            await asyncio.sleep(0.02)
        self._executor.shutdown(wait=False, cancel_futures=True)
        return not self._running


def _timed_out(function: Function, call: Call) -> Answer:
    seconds = function.timeout
    log.error("%s %s ran longer than %d s", call.request_id, function.name, seconds)
    return failure("FunctionTimedOut")
