"""Numbers of open connections of all processes on one port, in shared memory."""

from __future__ import annotations

import mmap

_AWAY = 0xFFFFFFFF
"""The number of a process that accepts no connections."""


class ConnectionCounts:
    """One number for each process; made before the processes are forked."""

    def __init__(self, processes: int) -> None:
        self._numbers = memoryview(mmap.mmap(-1, 4 * processes)).cast("I")
        for place in range(processes):
            self._numbers[place] = _AWAY

    def of_process(self, number: int) -> OwnCount:
        """Return the number of a process, which are counted from 1 on.

        The one before it that had this number may have died with connections.
        """
        own = OwnCount(self._numbers, number - 1)
        own.leave()
        return own


class OwnCount:
    """The number of one process, beside those of the others."""

    def __init__(self, numbers: memoryview, place: int) -> None:
        self._numbers = numbers
        self._place = place

    def set(self, number: int) -> None:
        """Tell the others how many connections this process has."""
        self._numbers[self._place] = number

    def leave(self) -> None:
        """Tell the others that this process accepts no connections."""
        self._numbers[self._place] = _AWAY

    def is_least(self) -> bool:
        """Tell whether no other process has fewer connections."""
        return self._numbers[self._place] <= min(self._numbers)
