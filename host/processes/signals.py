"""Signals in a process without an event loop: wait for them, or be interrupted."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = frozenset((signal.SIGINT, signal.SIGTERM))
"""Signals that end a host."""


@contextmanager
def ending_signals_blocked() -> Iterator[None]:
    """Block the ending signals; a child forked meanwhile has to unblock them itself."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Signals:
    """Handler of these signals for the whole process, until it is closed."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        # The C handler writes the number at once, so no signal is missed.
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)

    def wait(self, seconds: float | None = None) -> set[int]:
        """Return the numbers of the signals that came; none after the timeout."""
        ready, _, _ = select.select([self._read_end], [], [], seconds)
        return set(os.read(self._read_end, 4096)) if ready else set()

    def close(self) -> None:
        """Restore the signals' default actions."""
        signal.set_wakeup_fd(-1)
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._read_end)
        os.close(self._write_end)


class Interruption:
    """The time in which these signals interrupt a start, by KeyboardInterrupt.

    Python drops what is raised in a callback of its own, as imports have them: it
    tells stderr, and goes on. So `check` raises once more, and nothing is told.
    """

    def __init__(self, *numbers: int) -> None:
        self._interrupted = False
        self._hook_before = sys.unraisablehook
        sys.unraisablehook = self._tell_of_others
        for number in numbers:
            signal.signal(number, self._interrupt)

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        if self._interrupted:
            raise KeyboardInterrupt

    def _interrupt(self, *_: object) -> None:
        self._interrupted = True
        raise KeyboardInterrupt

    def _tell_of_others(self, dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is not KeyboardInterrupt:
            self._hook_before(dropped)
