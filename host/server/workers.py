"""Worker threads in which functions run, in lanes that cannot block each other.

On Function Compute each function has instances of its own. Here each has threads of its
own, and the views that wait for WeChat have others than the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from host.fc.answer import Answer
from host.fc.function_call import Call
from host.fc.instance import Instance
from host.fc.refusals import failure, overloaded
from host.server.threads import Threads
from template.served import Function

T = TypeVar("T")

CALLS_IN_FLIGHT = 256

_SPARE_THREADS = 16
"""Of a lane that waits for WeChat: they refuse the calls beyond the limit."""

_MOST_WAITING = 1024
"""Calls that wait for a thread of their lane; more are refused at once."""

log = logging.getLogger("host")


class CallerGone(Exception):
    """The caller closed the connection before the call began, so it was not begun."""


class Workers:
    """Calls of functions in threads.

    `threads` is for each function; what waits for WeChat gets so many threads that
    `calls_in_flight` of them may wait. With `timeouts` a call that takes longer than
    the template allows is answered as FC answers it. FC kills the call; here its thread
    goes on, and the timeout is logged.
    """

    def __init__(
        self,
        *,
        threads: int,
        timeouts: bool,
        calls_in_flight: int = CALLS_IN_FLIGHT,
    ) -> None:
        self._threads = threads
        self._waiting_threads = calls_in_flight + _SPARE_THREADS
        self._timeouts = timeouts
        self._lanes: dict[str, Threads] = {}
        self.in_flight: set[object] = set()

    async def load(self, instance: Instance) -> None:
        """Load the instance's handler, in a thread that serves no calls."""
        await self._lane("load", 1).run(instance.load)

    async def run(
        self, instance: Instance, call: Call, *, wanted: Callable[[], bool]
    ) -> Answer:
        """Return the instance's answer, made in a thread.

        CallerGone if nobody wants the answer any more when a thread is free.
        """
        lane = self._lane_of(instance, call)
        if lane.waiting >= _MOST_WAITING:
            return overloaded("too many calls wait")
        answer = lane.run(partial(_call, instance, call, wanted))
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

    async def run_part(
        self, instance: Instance, call: Call, work: Callable[[], T]
    ) -> T:
        """Return what the work returns, done in a thread of the call's lane."""
        return await self._lane_of(instance, call).run(work)

    async def run_counted(self, work: Callable[[], T]) -> T:
        """Run the work of a timer in a thread; meanwhile it counts as in flight."""
        self.in_flight.add(work)
        try:
            return await self._lane("timer", self._threads).run(work)
        finally:
            self.in_flight.discard(work)

    def stop(self) -> None:
        """Begin no further call; a call that hangs in its thread is left behind."""
        for lane in self._lanes.values():
            lane.stop()

    def _lane_of(self, instance: Instance, call: Call) -> Threads:
        name = instance.function.name
        if call.is_quick_probe:  # a thread of its own answers whatever else is slow
            return self._lane("probe", 1)
        if instance.waits(call.method, call.path, call.uri.partition("?")[2]):
            return self._lane(f"{name}_waiting", self._waiting_threads)
        return self._lane(name, self._threads)

    def _lane(self, name: str, threads: int) -> Threads:
        if name not in self._lanes:
            self._lanes[name] = Threads(threads, name=name)
        return self._lanes[name]


def _call(instance: Instance, call: Call, wanted: Callable[[], bool]) -> Answer:
    if not wanted():
        raise CallerGone
    return instance(call)


def _timed_out(function: Function, call: Call) -> Answer:
    seconds = function.timeout
    log.error("%s %s ran longer than %d s", call.request_id, function.name, seconds)
    return failure("FunctionTimedOut")
