"""Lock of a folder that one process at a time may write to."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.cannot_start import CannotStart

TIMEOUT = 3.0


@contextmanager
def claim(directory: Path, *, timeout: float = TIMEOUT) -> Iterator[int]:
    """Lock the folder and yield the descriptor by which a child keeps it locked.

    The lock belongs to the open file, not to a process: a child that inherits the
    descriptor keeps it until it ends, even when the host was killed meanwhile. The
    timeout is for the server of such a host, which may still be ending.
    """
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, time.monotonic() + timeout, directory)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, deadline: float, directory: Path) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotStart(f"{directory} is used by another host") from None
        time.sleep(0.02)
