"""Functions that another function starts, as FC's asynchronous invocation does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial

from host.fc.timer_event import tick
from host.server.workers import Workers
from template.served import Template

AT_ONCE = 4
"""Runs of one function at a time: one that waits for a slow service delays no other."""


class StartedFunctions:
    """Starts functions with a timer in threads, each function few times at a time.

    What is started while all of these run runs once more afterwards. It is made where
    the event loop runs; any thread may start something.
    """

    def __init__(
        self,
        template: Template,
        workers: Workers,
        *,
        process: Mapping[str, str],
        at_once: int = AT_ONCE,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._timers = {each.function.name: each for each in template.timers}
        self._root = template.root
        self._workers = workers
        self._process = process
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._at_once = at_once
        self._tasks: dict[str, set[asyncio.Task[None]]] = {
            name: set() for name in self._timers
        }
        self._wanted: set[str] = set()
        self._lock = threading.Lock()

    def start(self, name: str) -> None:
        """Let the function run soon; KeyError if the template has no timer of it."""
        timer = self._timers[name]
        with self._lock:
            self._wanted.add(timer.function.name)
        with suppress(RuntimeError):  # the loop has ended: another process goes on
            self._loop.call_soon_threadsafe(self._begin, name)

    def _begin(self, name: str) -> None:
        tasks = self._tasks[name]
        if len(tasks) < self._at_once:
            task = self._loop.create_task(self._run(name))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _run(self, name: str) -> None:
        while self._take(name):
            await self._workers.run_counted(
                partial(
                    tick,
                    self._timers[name],
                    root=self._root,
                    process=self._process,
                    at=self._now(),
                )
            )

    def _take(self, name: str) -> bool:
        with self._lock:
            is_wanted = name in self._wanted
            self._wanted.discard(name)
            return is_wanted
