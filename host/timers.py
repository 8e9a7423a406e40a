"""FC's timer triggers, played by Tornado's PeriodicCallback."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from tornado.ioloop import PeriodicCallback

from host.context import Context, Surroundings, surroundings_of
from host.loader import LoadError, load_handler
from host.template import Template, Timer
from host.workers import Workers

log = logging.getLogger("host")


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
        self._callbacks = [
            self._callback(timer, surroundings_of(timer.function, process))
            for timer in template.timers
        ]

    def start(self) -> None:
        """Let time run; the first tick comes after one interval."""
        for callback in self._callbacks:
            callback.start()

    def stop(self) -> None:
        """Let no further tick come."""
        for callback in self._callbacks:
            callback.stop()

    def _callback(self, timer: Timer, surroundings: Surroundings) -> PeriodicCallback:
        async def tick() -> None:
            await self._workers.start(lambda: self._run(timer, surroundings))

        return PeriodicCallback(tick, timer.seconds * 1000)

    def _run(self, timer: Timer, surroundings: Surroundings) -> None:
        request_id = str(uuid.uuid4())
        event = {
            "triggerTime": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "triggerName": timer.name,
            "payload": timer.payload,
        }
        try:
            handler: Any = load_handler(self._template.root, timer.function.handler)
            context = Context(request_id, surroundings=surroundings)
            told = handler(json.dumps(event).encode(), context)
        except (LoadError, Exception, SystemExit):
            log.exception("%s %s failed", request_id, timer.function.name)
        else:
            log.info("%s %s: %s", request_id, timer.function.name, told)
