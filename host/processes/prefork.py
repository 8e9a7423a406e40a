"""Worker processes that serve one port: replaced when they die, ended together.

All of them accept connections from the one socket that their parent has opened and
keeps. With a socket for each process (SO_REUSEPORT), the connections queued on it would
be lost when its process dies.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from host.processes.children import end_with_parent
from host.processes.signals import ENDING, Signals, ending_signals_blocked

MAX_EXITS = 5
"""Exits for each process within a minute, after which the host gives up."""

_SPARE_SECONDS = 2.0
"""Time beyond the processes' own timeout for them to end by themselves."""

log = logging.getLogger("host")


class Prefork:
    """`size` processes that run `work`, which is called with a number from 1 on.

    `work` returns upon SIGTERM, however often that signal comes. The ending signals are
    blocked until it unblocks them: one that comes before its handlers are in place
    waits for these, and so do the connections that are queued on the socket. The parent
    has no thread and no event loop, so it may fork at any time.
    """

    def __init__(self, work: Callable[[int], object], *, size: int) -> None:
        self._work = work
        self._numbers: dict[int, int] = {}
        self._exits: deque[float] = deque(maxlen=MAX_EXITS * size)
        self._signals = Signals(*ENDING, signal.SIGCHLD)
        for number in range(1, size + 1):
            self._start(number)

    def supervise(self) -> bool:
        """Replace processes that end, until a signal; False if too many end."""
        while not self._signals.wait() & ENDING:
            for number, code in self._reap():
                log.warning("process %d ended with %d", number, code)
                if self._too_many_exits():
                    return False
                self._start(number)
        return True

    def end(self, timeout: float) -> bool:
        """End all processes; False if a second signal cut their work short."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + timeout + _SPARE_SECONDS
        cut_short = False
        self._log_failures()  # an exit at the same time raises no further SIGCHLD
        while self._numbers and not cut_short and time.monotonic() < deadline:
            left = deadline - time.monotonic()
            cut_short = bool(self._signals.wait(max(0.0, left)) & ENDING)
            self._log_failures()
        for number in self._numbers.values():
            log.warning("process %d is ended by force", number)
        self._send(signal.SIGKILL)
        return not cut_short

    def _start(self, number: int) -> None:
        # A signal between fork and the child's own handlers would be lost to it.
        with ending_signals_blocked():
            follow_parent = end_with_parent(os.getpid())
            pid = os.fork()
            if not pid:
                self._run_child(number, follow_parent)
            self._numbers[pid] = number

    def _run_child(
        self, number: int, follow_parent: Callable[[], None] | None
    ) -> NoReturn:
        code = 1
        try:
            self._signals.close()
            if follow_parent:
                follow_parent()
            self._work(number)
            code = 0
        except BaseException:
            log.exception("process %d failed", number)
        finally:  # a child must not run the parent's cleanup
            logging.shutdown()
            os._exit(code)

    def _log_failures(self) -> None:
        for number, code in self._reap():
            if code:
                log.warning("process %d ended with %d", number, code)

    def _reap(self) -> list[tuple[int, int]]:
        """Return number and exit code of each worker that has ended.

        Other children (Redis, the sandbox) are reaped as well, but not returned.
        """
        ended = []
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number = self._numbers.pop(pid, None)
            if number is not None:
                ended.append((number, os.waitstatus_to_exitcode(status)))
        return ended

    def _too_many_exits(self) -> bool:
        self._exits.append(time.monotonic())
        is_full = len(self._exits) == self._exits.maxlen
        if is_full and self._exits[-1] - self._exits[0] < 60:
            log.error("%d processes ended within a minute", len(self._exits))
            return True
        return False

    def _send(self, number: int) -> None:
        for pid in self._numbers:
            os.kill(pid, number)
