"""Search for the CPython that installs and compiles what Function Compute runs.

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
from deploy.package.target import FOR_FUN, Target

_ASK = (
    "import sys; v = '.'.join(map(str, sys.version_info[:2])); "
    "is_it = (sys.implementation.name, v) == ('cpython', sys.argv[1]); "
    "print(sys.executable) if is_it else sys.exit(1)"
)


def find_interpreter(environ: Mapping[str, str], target: Target = FOR_FUN) -> Path:
    """Return what PYTHON310 names, else `python3.10`; BuildFailed if neither works.

    For another version of CPython the names are those of the target. A name on PATH
    may be a shim without an interpreter, so it is run once.
    """
    variable, command, version = target.variable, target.command, target.python
    named = environ.get(variable, "")
    found = which(named or command, path=environ.get("PATH", os.defpath))
    answer = _ask(found, version) if found else ""
    if not answer:
        fault = f"{variable}={named} is not CPython {version}. " if named else ""
        raise BuildFailed(
            f"{fault}CPython {version} is needed, as Function Compute runs it: "
            f"put {command} on PATH, or set {variable}=/path/to/{command}."
        )
    return Path(answer)


def _ask(command: str, version: str) -> str:
    done = subprocess.run(  # noqa: S603 - the interpreter that the deployer named
        [command, "-I", "-c", _ASK, version],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
