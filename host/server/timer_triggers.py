"""Timer triggers of FC, run by Tornado's PeriodicCallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from tornado.ioloop import PeriodicCallback

from host.fc.timer_event import tick
from host.server.workers import Workers
from template.served import Template, Timer


class Timers:
    """Calls the function of each timer in a thread, once in each interval.

    A tick is skipped while the one before still runs.
    """

    def __init__(
        self,
        template: Template,
        workers: Workers,
        *,
        process: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        periodic: Callable[..., PeriodicCallback] = PeriodicCallback,
    ) -> None:
        self._template = template
        self._workers = workers
        self._now = now
        self._periodic = periodic
        self._callbacks = [self._callback(each, process) for each in template.timers]

    def start(self) -> None:
        """Start the timers; the first tick comes after one interval."""
        for callback in self._callbacks:
            callback.start()

    def stop(self) -> None:
        """Stop the timers."""
        for callback in self._callbacks:
            callback.stop()

    def _callback(self, timer: Timer, process: Mapping[str, str]) -> PeriodicCallback:
        def run() -> None:
            tick(timer, root=self._template.root, process=process, at=self._now())

        async def run_in_thread() -> None:
            await self._workers.run_counted(run)

        return self._periodic(run_in_thread, timer.seconds * 1000)
