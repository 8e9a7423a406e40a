"""Measured servers: each is a process whose CPU and memory can be read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host.cannot_start import CannotStart
from host.processes import children

START_TIMEOUT = 60.0

_READY = "ready http://127.0.0.1:"
_KB = 1024


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens on a loopback port."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Return the CPU seconds that all threads of the process have used."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Return the resident memory of the process in bytes."""
        return self._status("VmRSS")

    def reset_peak(self) -> None:
        """Reset `peak`."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """Return the peak of the resident memory in bytes."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        value = next(line for line in lines if line.startswith(f"{name}:"))
        return int(value.split()[1]) * _KB


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that all threads of a process have used."""
    # Linux makes the number of a process' CPU clock from its pid.
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def open_gateway(
    folder: Path, settings: Mapping[str, str], *options: str
) -> Iterator[Server]:
    """Run local_host.py with its default options, except for the timers."""
    program = str(children.PROJECT / "local_host.py")
    # A timer in the middle of a measurement would be measured with it.
    fixed = ["--port=0", "--development=false", "--timers=false"]
    command = [sys.executable, program, *fixed, *options]
    with open_server(command, settings, folder) as server:
        yield server


@contextmanager
def open_module(
    folder: Path, settings: Mapping[str, str], module: str, *arguments: str
) -> Iterator[Server]:
    """Run a module of the benchmark as a server."""
    command = [sys.executable, "-m", module, *arguments]
    with open_server(command, settings, folder) as server:
        yield server


@contextmanager
def open_server(
    command: list[str], settings: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """Run a program that prints `ready` and its URL; its output goes to a file.

    CannotStart if it ends or is not ready in time.
    """
    log = folder / f"server-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            cwd=children.PROJECT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=children.end_with_parent(os.getpid()),
        )
    try:
        yield Server(_port(process, log), process.pid)
    finally:
        children.end(process)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < until:
        for line in log.read_text("utf-8", "replace").splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                return int(line.removeprefix(_READY))
        time.sleep(0.01)
    raise CannotStart(f"{process.args!r}: {children.last_line(log)}")
