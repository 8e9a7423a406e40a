"""Bytecode for CPython 3.10, made once: Function Compute keeps none between starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.package.failed import BuildFailed

CODE = "/code"
"""Where Function Compute unpacks a tree; tracebacks name files below it."""


def byte_compile(tree: Path, *, below: str = ".", interpreter: Path) -> None:
    """Compile every module below, never to be compared with its source again."""
    # Unchecked: no time of a file is in it, nor asked for at import.
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
        # The order of a constant set, and so the bytes, hang on the seed.
        env={"PYTHONHASHSEED": "0"},
        cwd=tree,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise BuildFailed("Not every module compiles; the faults stand above.")
