"""Log of several processes: whole entries on stderr, and a log file for each.

Tornado's log files cannot be shared: a process that rotates one takes it from the rest.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import tempfile


class SharedStderr(logging.Handler):
    """A stderr that takes each entry in one piece, although other processes write too.

    A pipe may split a long entry, so a process writes only while it holds a lock on an
    unnamed file; the lock ends with its holder.
    """

    def __init__(self, formatter: logging.Formatter | None = None) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._lock_file = tempfile.TemporaryFile()  # noqa: SIM115 - kept open

    def emit(self, record: logging.LogRecord) -> None:
        """Write one entry."""
        try:
            entry = f"{self.format(record)}\n".encode(errors="backslashreplace")
            fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
            try:
                _write(sys.stderr.fileno(), entry)
            finally:
                fcntl.lockf(self._lock_file, fcntl.LOCK_UN)
        except Exception:
            self.handleError(record)


def share_stderr() -> None:
    """Write whole entries to stderr; call it before the processes are forked."""
    for handler in list(logging.root.handlers):
        if type(handler) is logging.StreamHandler:
            logging.root.removeHandler(handler)
            logging.root.addHandler(SharedStderr(handler.formatter))


def own_log_file(number: int) -> None:
    """Let this process log to its own file, `host.log-2` for `host.log`."""
    for handler in logging.root.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.close()
            handler.baseFilename += f"-{number}"  # opened at its next entry


def _write(descriptor: int, entry: bytes) -> None:
    while entry:
        entry = entry[os.write(descriptor, entry) :]
