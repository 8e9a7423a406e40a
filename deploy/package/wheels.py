"""Dependencies: exactly the locked wheels, for the platform of Function Compute."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.package.failed import BuildFailed

_FOR_FUNCTION_COMPUTE = (
    *("--platform", "manylinux2014_x86_64", "--only-binary=:all:", "--no-deps"),
    *("--implementation", "cp", "--python-version"),
)


@dataclass(frozen=True, slots=True)
class Installer:
    """A CPython on this machine, and its version."""

    interpreter: Path
    python: str


def fetch(lock: Path, *, cache: Path, by: Installer) -> Path:
    """Return the folder with the lock's wheels; download them if the lock is new."""
    folder = folder_of(lock, cache=cache, python=by.python)
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    _pip(
        by.interpreter, "download", "--dest", str(unfinished), *_locked(lock, by.python)
    )
    return unfinished.rename(folder)


def folder_of(lock: Path, *, cache: Path, python: str = "3.10") -> Path:
    """Return the folder for the wheels of this lock and this version of CPython."""
    name = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    return cache / (name if python == "3.10" else f"{name}-{python}")


def install(wheels: Path, *, lock: Path, site: Path, by: Installer) -> None:
    """Install the lock's wheels into a folder, only from `wheels`."""
    offline = ("--no-index", "--find-links", str(wheels))
    quiet = ("--no-compile", "--root-user-action=ignore")
    chosen = (*offline, *quiet, "--target", str(site))
    _pip(by.interpreter, "install", *chosen, *_locked(lock, by.python))


def _locked(lock: Path, python: str) -> tuple[str, ...]:
    locked = ("--require-hashes", "--requirement", str(lock))
    return (*_FOR_FUNCTION_COMPUTE, python, *locked)


def _pip(interpreter: Path, *words: str) -> None:
    # Run by that interpreter: the Python that pip runs on decides which lines of the
    # lock apply, whatever --python-version says.
    command = [sys.executable, "-m", "pip", "--python", str(interpreter), *words]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*command, *quiet], check=False)  # noqa: S603 our own words
    if done.returncode:
        raise BuildFailed(f"pip {words[0]} failed; see its output above.")
