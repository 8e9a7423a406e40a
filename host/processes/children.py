"""Child processes of the host: started, ended in order, none outlives it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, MutableMapping, Sequence
from functools import partial
from pathlib import Path

from host.processes.signals import ENDING, ending_signals_blocked

TIMEOUT = 5.0
PROJECT = Path(__file__).resolve().parents[2]
_HANDED_OVER = "LOCAL_HOST_CHILDREN"
_PR_SET_PDEATHSIG = 1


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    stdin: bytes = b"",
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child that ends with this process; it inherits the descriptors `keep`.

    Ctrl-C in a terminal reaches only the host, which ends its children in order, so
    that a request in flight can still use Redis.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        # An exception by a signal in a fork callback would leave logging's lock broken.
        with ending_signals_blocked():
            return subprocess.Popen(  # noqa: S603 - our own programs
                command,
                cwd=PROJECT,
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=keep,
                start_new_session=True,
                preexec_fn=partial(
                    _begin, end_with_parent(os.getpid())
                ),  # no threads yet
            )


def stop(pid: int, *, timeout: float = TIMEOUT) -> None:
    """End a child by SIGTERM, and by SIGKILL after the timeout."""
    with contextlib.suppress(ChildProcessError):  # not our child, or ended already
        # A process id below 1 would mean a whole process group.
        if pid < 1 or _ends_within(pid, 0):
            return
        os.kill(pid, signal.SIGTERM)
        if not _ends_within(pid, timeout):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child whose process id was not handed over."""
    stop(child.pid)
    child.wait()  # Popen would warn about a child without a known exit code


def last_line(log: Path) -> str:
    """Return the last line that a child printed, for the message about its end."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"


def end_with_parent(parent: int) -> Callable[[], None] | None:
    """Return a function with which a child ends when its parent is killed (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def follow_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before prctl
            os._exit(1)

    return follow_parent


class Children:
    """The child processes that this process has to end before it ends itself.

    A reload replaces the program but not the process: the children stay its own,
    so only their process ids are handed over, in the environment.
    """

    def __init__(
        self,
        environ: MutableMapping[str, str],
        *,
        stop: Callable[[int], None] = stop,
    ) -> None:
        self._environ = environ
        self._stop = stop
        handed_over = environ.pop(_HANDED_OVER, "")
        self._pids = [int(pid) for pid in handed_over.split(",") if pid]

    def add(self, pid: int) -> None:
        """Add a child process."""
        self._pids.append(pid)

    def hand_over(self) -> None:
        """Leave the children to the program that replaces this one."""
        self._environ[_HANDED_OVER] = ",".join(map(str, self._pids)) or ","

    def end(self) -> None:
        """End the children, the youngest first."""
        while self._pids:
            self._stop(self._pids.pop())


def _begin(follow_parent: Callable[[], None] | None) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    if follow_parent:
        follow_parent()


def _ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True
