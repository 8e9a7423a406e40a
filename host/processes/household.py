"""The children of one host, ended in reverse order and kept over a reload."""

from __future__ import annotations

from collections.abc import MutableMapping

from host.processes import children

_HANDED_OVER = "LOCAL_HOST_CHILDREN"


class Household:
    """What this process has to end before it ends itself.

    A reload replaces the program but not the process: the children stay its own,
    so only their numbers are handed over, in the environment.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._environ = environ
        handed_over = environ.pop(_HANDED_OVER, "")
        self._pids = [int(pid) for pid in handed_over.split(",") if pid]
        self.reloaded = bool(handed_over)

    def add(self, pid: int) -> None:
        """Take in a child."""
        self._pids.append(pid)

    def hand_over(self) -> None:
        """Leave the children to the program that replaces this one."""
        self._environ[_HANDED_OVER] = ",".join(map(str, self._pids)) or ","

    def end(self) -> None:
        """End the children, the youngest first."""
        while self._pids:
            children.stop(self._pids.pop())
