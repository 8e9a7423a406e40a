"""Dependencies: exactly the locked wheels, for the platform of Function Compute."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.package.failed import BuildFailed

_FOR_FUNCTION_COMPUTE = (
    *("--implementation", "cp", "--python-version", "3.10"),
    *("--platform", "manylinux2014_x86_64", "--only-binary=:all:", "--no-deps"),
)


def fetch(lock: Path, *, cache: Path, interpreter: Path) -> Path:
    """Return the folder with the lock's wheels; download them if the lock is new."""
    folder = folder_of(lock, cache=cache)
    if folder.is_dir():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    _pip(interpreter, "download", "--dest", str(unfinished), *_locked(lock))
    return unfinished.rename(folder)


def folder_of(lock: Path, *, cache: Path) -> Path:
    """Return the folder for the wheels of this lock."""
    return cache / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def install(wheels: Path, *, lock: Path, site: Path, interpreter: Path) -> None:
    """Install the lock's wheels into a folder, only from `wheels`."""
    offline = ("--no-index", "--find-links", str(wheels))
    quiet = ("--no-compile", "--root-user-action=ignore")
    chosen = (*offline, *quiet, "--target", str(site))
    _pip(interpreter, "install", *chosen, *_locked(lock))


def _locked(lock: Path) -> tuple[str, ...]:
    locked = ("--require-hashes", "--requirement", str(lock))
    return (*_FOR_FUNCTION_COMPUTE, *locked)


def _pip(interpreter: Path, *words: str) -> None:
    # Run by that interpreter: the Python that pip runs on decides which lines of the
    # lock apply, whatever --python-version says.
    command = [sys.executable, "-m", "pip", "--python", str(interpreter), *words]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*command, *quiet], check=False)  # noqa: S603 our own words
    if done.returncode:
        raise BuildFailed(f"pip {words[0]} failed; see its output above.")
