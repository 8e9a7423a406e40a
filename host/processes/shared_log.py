"""One log of several processes: whole entries on stderr, and a file for each.

Tornado's files cannot be shared: who rotates one takes it away from the others.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import tempfile

from tornado.log import LogFormatter


class SharedStderr(logging.Handler):
    """Writes each entry whole, a stack too, though other processes write by it as well.

    What is longer than a pipe takes at once could come in pieces, so each process
    waits for its turn: a lock on a file that has no name, and ends with its holder.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LogFormatter())
        self._turn = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one entry."""
        try:
            entry = f"{self.format(record)}\n".encode(errors="backslashreplace")
            fcntl.lockf(self._turn, fcntl.LOCK_EX)
            try:
                _write(sys.stderr.fileno(), entry)
            finally:
                fcntl.lockf(self._turn, fcntl.LOCK_UN)
        except Exception:
            self.handleError(record)


def share_stderr() -> None:
    """Let the log go to stderr in whole entries; before the processes are made."""
    for handler in list(logging.root.handlers):
        if type(handler) is logging.StreamHandler:
            logging.root.removeHandler(handler)
            logging.root.addHandler(SharedStderr())


def own_log_file(number: int) -> None:
    """Let this process log to a file of its own, `host.log-2` beside `host.log`."""
    for handler in logging.root.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()
            handler.baseFilename += f"-{number}"  # opened at its next entry


def _write(descriptor: int, entry: bytes) -> None:
    while entry:
        entry = entry[os.write(descriptor, entry) :]
