"""Several processes that serve one port: replaced when they die, ended together.

All of them accept from the one socket that their parent has opened and keeps. A socket
of each one's own, by SO_REUSEPORT, would have a queue of its own, and what waits in it
would be lost with its process.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from host.processes.children import make_mortal
from host.processes.signals import ENDING, Signals, held_back

DEATHS = 5
"""So many for each process within a minute are too many: somebody has to look."""

_SPARE = 2.0
"""Seconds beyond their own patience, for processes to end by themselves."""

log = logging.getLogger("host")


class Crew:
    """`size` processes that do `work`, which gets a number from 1 on.

    The work is over upon SIGTERM, however often that comes. The parent has no thread
    and no event loop, so that at any time it may fork.
    """

    def __init__(self, work: Callable[[int], object], *, size: int) -> None:
        self._work = work
        self._numbers: dict[int, int] = {}
        self._deaths: deque[float] = deque(maxlen=DEATHS * size)
        self._signals = Signals(*ENDING, signal.SIGCHLD)
        for number in range(1, size + 1):
            self._start(number)

    def keep(self) -> bool:
        """Replace who dies until a signal says to end; False if they die too often."""
        while not self._signals.wait() & ENDING:
            for number, code in self._buried():
                log.warning("process %d ended with %d", number, code)
                if self._too_many_die():
                    return False
                self._start(number)
        return True

    def end(self, patience: float) -> bool:
        """End all; False if a second signal does not let them finish their work."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + patience + _SPARE
        hurried = False
        self._let_go()  # whose death came with the signal to end is not told again
        while self._numbers and not hurried and time.monotonic() < deadline:
            left = deadline - time.monotonic()
            hurried = bool(self._signals.wait(max(0.0, left)) & ENDING)
            self._let_go()
        for number in self._numbers.values():
            log.warning("process %d is ended by force", number)
        self._send(signal.SIGKILL)
        return not hurried

    def _start(self, number: int) -> None:
        # A signal between fork and the child's own handlers would be lost to it.
        with held_back():
            follow_parent = make_mortal(os.getpid())
            pid = os.fork()
            if not pid:
                self._be(number, follow_parent)
            self._numbers[pid] = number

    def _be(self, number: int, follow_parent: Callable[[], None] | None) -> NoReturn:
        code = 1
        try:
            self._signals.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            if follow_parent:
                follow_parent()
            self._work(number)
            code = 0
        except BaseException:
            log.exception("process %d failed", number)
        finally:  # what the parent has to clean up is not this process'
            logging.shutdown()
            os._exit(code)

    def _let_go(self) -> None:
        for number, code in self._buried():
            if code:
                log.warning("process %d ended with %d", number, code)

    def _buried(self) -> list[tuple[int, int]]:
        """Return number and exit code of each that has ended; others are let go."""
        ended = []
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number = self._numbers.pop(pid, None)
            if number is not None:
                ended.append((number, os.waitstatus_to_exitcode(status)))
        return ended

    def _too_many_die(self) -> bool:
        self._deaths.append(time.monotonic())
        is_full = len(self._deaths) == self._deaths.maxlen
        if is_full and self._deaths[-1] - self._deaths[0] < 60:
            log.error("%d processes ended within a minute", len(self._deaths))
            return True
        return False

    def _send(self, number: int) -> None:
        for pid in self._numbers:
            os.kill(pid, number)
