"""Forwarder in Go (reverse_proxy.go), compiled where `go` is on PATH."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.cores import on_all_cores

BUILD_TIMEOUT = 180.0

SOURCE = Path(__file__).with_name("reverse_proxy.go")


def build(folder: Path, upstream_url: str) -> list[str] | None:
    """Return the command that runs the forwarder, None if it cannot be built."""
    compiler = shutil.which("go")
    if compiler is None:
        return None
    program = str(folder / "reverse_proxy")
    try:
        with on_all_cores():
            subprocess.run(  # noqa: S603 - our own source
                [compiler, "build", "-o", program, str(SOURCE)],
                check=True,
                timeout=BUILD_TIMEOUT,
            )
    except subprocess.SubprocessError as error:
        print(f"the forwarder in Go is left out: {error}", flush=True)
        return None
    return [program, upstream_url]
