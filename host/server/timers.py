"""FC's timer triggers, played by Tornado's PeriodicCallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from tornado.ioloop import PeriodicCallback

from host.fc.timer_event import tick
from host.server.workers import Workers
from template.served import Template, Timer


class Timers:
    """Calls the function of each timer, in a thread, when its time has come.

    A tick that comes while the one before still runs is left out.
    """

    def __init__(
        self,
        template: Template,
        workers: Workers,
        *,
        process: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._template = template
        self._workers = workers
        self._now = now
        self._callbacks = [self._callback(each, process) for each in template.timers]

    def start(self) -> None:
        """Let time run; the first tick comes after one interval."""
        for callback in self._callbacks:
            callback.start()

    def stop(self) -> None:
        """Let no further tick come."""
        for callback in self._callbacks:
            callback.stop()

    def _callback(self, timer: Timer, process: Mapping[str, str]) -> PeriodicCallback:
        def run() -> None:
            tick(timer, root=self._template.root, process=process, at=self._now())

        async def start() -> None:
            await self._workers.see_through(run)

        return PeriodicCallback(start, timer.seconds * 1000)
