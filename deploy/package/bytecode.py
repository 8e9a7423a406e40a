"""Bytecode, made at build time: Function Compute keeps none between starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.package.failed import BuildFailed

CODE = "/code"
"""Where Function Compute unpacks the archive; tracebacks name files below it."""


def byte_compile(tree: Path, *, below: str = ".", interpreter: Path) -> None:
    """Compile all modules of the tree; Python never compares them with their source."""
    # unchecked-hash: no file time is stored, and none is read at import.
    form = ("--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", CODE)
    done = subprocess.run(  # noqa: S603 - the interpreter that was asked
        [
            interpreter,
            "-S",
            "-s",
            "-m",
            "compileall",
            "-q",
            "-f",
            *form,
            str(tree / below),
        ],
        # The order of a constant set, and so the bytes, depend on the seed.
        env={"PYTHONHASHSEED": "0"},
        cwd=tree,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise BuildFailed("Not every module compiles; see the errors above.")
