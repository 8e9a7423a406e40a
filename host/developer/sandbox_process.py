"""The simulated WeChat platform, started as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from host.cannot_start import CannotStart
from host.processes import children

TIMEOUT = 20.0
_READY = "ready "


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that listens at `url`."""

    url: str
    process: subprocess.Popen[bytes]


def start(
    port: int,
    *,
    log: Path,
    timeout: float = TIMEOUT,
    program: Sequence[str] = (sys.executable, "-m", "sandbox"),
) -> RunningSandbox:
    """Start the sandbox and wait until it says that it is ready."""
    process = children.start([*program, f"--port={port}"], log=log)
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        if url := _ready(log):
            return RunningSandbox(url, process)
        time.sleep(0.02)
    children.end(process)
    raise CannotStart(
        f"The sandbox did not start on port {port}: {children.last_line(log)}. "
        "--sandbox_port= (make run SANDBOX_PORT=) chooses another port."
    )


def _ready(log: Path) -> str | None:
    lines = log.read_text("utf-8", "replace").splitlines(keepends=True)
    ready = (line for line in lines if line.startswith(_READY) and line.endswith("\n"))
    return next((line[len(_READY) :].strip() for line in ready), None)
