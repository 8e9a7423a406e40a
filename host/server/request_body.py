"""Body of a request: kept in memory, then in a file without a name, within a budget."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

MB = 1024 * 1024

IN_MEMORY = MB
"""Most bytes of one body that stay in memory."""

_ALL_IN_MEMORY = 8 * MB
"""Most bytes of all bodies in memory; beyond it only the small ones stay there."""

_SMALL = 64 * 1024


class OverBudget(Exception):
    """The bodies of this process take as much room as they may."""


class BodyBudget:
    """Bytes of all bodies that a process keeps at one time, in memory and in files."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._in_memory = 0

    def take(self, size: int) -> None:
        """Take room for so many bytes in memory; OverBudget if none is left."""
        if size > self._left:
            raise OverBudget
        self._left -= size
        self._in_memory += size

    def move(self, size: int) -> None:
        """Note that so many bytes were moved from memory to a file."""
        self._in_memory -= size

    def give_back(self, *, in_memory: int, in_file: int) -> None:
        """Give room back."""
        self._left += in_memory + in_file
        self._in_memory -= in_memory

    @property
    def memory_is_full(self) -> bool:
        """Tell whether the bodies in memory take all the room that they may."""
        return self._in_memory > _ALL_IN_MEMORY


class RequestBody:
    """The body of one request."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._content: IO[bytes] = io.BytesIO()
        self._in_memory = 0
        self._in_file = 0

    @property
    def size(self) -> int:
        """Return how many bytes are kept."""
        return self._in_memory + self._in_file

    def append(self, chunk: bytes) -> None:
        """Keep a chunk; OverBudget if there is no room."""
        self._budget.take(len(chunk))
        self._in_memory += len(chunk)
        self._content.write(chunk)
        if self._in_file:
            self._count_as_in_file()
        elif self._in_memory > (_SMALL if self._budget.memory_is_full else IN_MEMORY):
            self._move_to_file()

    def stream(self) -> IO[bytes]:
        """Return the body to read, from its begin."""
        self._content.seek(0)
        return self._content

    def discard(self) -> None:
        """Give the room back; who still reads the stream may go on."""
        self._budget.give_back(in_memory=self._in_memory, in_file=self._in_file)
        self._in_memory = self._in_file = 0
        self._content = io.BytesIO()

    def _move_to_file(self) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its last reader
        self._content.seek(0)
        file.write(self._content.read())
        self._content = file
        self._count_as_in_file()

    def _count_as_in_file(self) -> None:
        self._budget.move(self._in_memory)
        self._in_file += self._in_memory
        self._in_memory = 0


@dataclass(frozen=True, slots=True)
class LeastRate:
    """The least bytes of a body that have to come within so many seconds.

    A phone that uploads 8 kB a second may pause for half of the time.
    """

    size: int = 120 * 1024
    seconds: float = 30.0


class Arrival:
    """Watches that a body comes fast enough; calls `too_slow` where it does not."""

    def __init__(self, least: LeastRate, *, too_slow: Callable[[], object]) -> None:
        self._least = least
        self._too_slow = too_slow
        self._seen = 0
        self.size = 0
        self._timer = self._wait()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(self._least.seconds, self._look)

    def _look(self) -> None:
        if self.size - self._seen < self._least.size:
            self._too_slow()
        else:
            self._seen = self.size
            self._timer = self._wait()
