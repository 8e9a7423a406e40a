"""Testbed of one approach: its own Redis, and processes with callers."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.approaches import make_approach
from bench.commands import commands_sent
from bench.processes import Process, Upstream, empty_redis

LOCK_SECONDS = 10.0

AHEAD = 0.15
"""Seconds from an order to the moment when all its callers start."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Herd:
    """Result of callers that asked at once for missing tokens."""

    seconds: float  # until the last of them had an answer
    fetches: list[int]  # of each app
    newest: int  # apps whose newest token is in Redis
    refused: int  # callers that got no token


@dataclass(frozen=True, slots=True)
class Testbed:
    """An approach with its Redis and its processes."""

    name: str
    approach: Any
    redis_url: str
    upstream: Upstream
    processes: Sequence[Process]
    start: Callable[[], Process]

    def herd(self, callers: int, *, processes: int = 0, apps: int = 1) -> Herd:
        """Let `callers` in each process ask at once for tokens of new apps."""
        appids, chosen = new_apps(apps), self.processes[: processes or None]
        at = time.monotonic() + AHEAD
        ask(chosen, appids, callers, at=at)
        got = answers(chosen)
        seen = self.upstream.seen()
        return Herd(
            seconds=max(ended for _, ended in got) - at,
            fetches=[seen[appid][0] for appid in appids],
            newest=self.newest(appids),
            refused=sum(token.rpartition("-")[0] not in appids for token, _ in got),
        )

    def commands(self, callers: int) -> int:
        """Return the number of commands of a herd; MONITOR makes it slower."""
        with commands_sent(self.redis_url) as sent:
            ask(self.processes, new_apps(1), callers)
            answers(self.processes)
        return len(sent)

    def holder(self, appids: list[str]) -> Process:
        """Return a new process that is just fetching the tokens of these apps."""
        process = self.start()
        process.answer()
        ask([process], appids, len(appids))
        self.upstream.await_fetches(appids)
        return process

    def newest(self, appids: list[str]) -> int:
        """Return the number of these apps whose newest token is in Redis."""
        seen = self.upstream.seen()
        return sum(self.approach.stored(appid) == seen[appid][1] for appid in appids)


def ask(
    processes: Sequence[Process], appids: list[str], callers: int, *, at: float = 0.0
) -> None:
    """Let `callers` in each process ask at the same moment, for the apps in turn."""
    turns = itertools.cycle(appids)
    for each in processes:
        each.send(get=[next(turns) for _ in range(callers)], at=at)


def answers(processes: Sequence[Process]) -> list[tuple[str, float]]:
    """Return token and end of every call."""
    return [(token, ended) for each in processes for token, ended in each.answer()]


def new_apps(count: int) -> list[str]:
    """Return the appids of new apps."""
    return [f"wx{next(_numbers):016x}" for _ in range(count)]


@contextmanager
def open_testbeds(
    names: Sequence[str], *, processes: int, lock: float = LOCK_SECONDS
) -> Iterator[list[Testbed]]:
    """Yield a testbed for each approach, whose callers are already connected."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = Upstream()
        stack.callback(upstream.end)
        yield [
            _open(stack, name, upstream, folder, processes=processes, lock=lock)
            for name in names
        ]


def _open(
    stack: ExitStack,
    name: str,
    upstream: Upstream,
    folder: Path,
    *,
    processes: int,
    lock: float,
) -> Testbed:
    redis_url = stack.enter_context(empty_redis(folder))

    def start() -> Process:
        process = Process("bench.caller", name, redis_url, upstream.url, str(lock))
        stack.callback(process.end)
        return process

    started = [start() for _ in range(processes)]
    for each in started:
        each.answer()
    approach = make_approach(name, redis_url, upstream.url, lock=lock)
    return Testbed(name, approach, redis_url, upstream, started, start)
