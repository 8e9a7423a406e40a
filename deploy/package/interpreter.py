"""Search for CPython 3.10, which installs and compiles what Function Compute runs.

With another version, pip would select other lines of the lock, and Function Compute
would find no .pyc of its version and compile everything at each cold start.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from deploy.package.failed import BuildFailed

_ASK = (
    "import sys; i = sys.implementation.name, *sys.version_info[:2]; "
    "print(sys.executable) if i == ('cpython', 3, 10) else sys.exit(1)"
)
_REMEDY = (
    "CPython 3.10 is needed, as Function Compute runs it: "
    "put python3.10 on PATH, or set PYTHON310=/path/to/python3.10."
)


def find_interpreter(environ: Mapping[str, str]) -> Path:
    """Return what PYTHON310 names, else `python3.10`; BuildFailed if neither works.

    A name on PATH may be a shim without an interpreter, so it is run once.
    """
    named = environ.get("PYTHON310", "")
    found = which(named or "python3.10", path=environ.get("PATH", os.defpath))
    answer = _ask(found) if found else ""
    if not answer:
        fault = f"PYTHON310={named} is not CPython 3.10. " if named else ""
        raise BuildFailed(fault + _REMEDY)
    return Path(answer)


def _ask(command: str) -> str:
    done = subprocess.run(  # noqa: S603 - the interpreter that the deployer named
        [command, "-I", "-c", _ASK],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
