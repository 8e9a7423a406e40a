"""The dependencies: exactly the locked files, for the machine that will run them."""

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
    """Return the folder with the lock's wheels, downloading them where it is new."""
    folder = folder_of(lock, cache=cache)
    if folder.is_dir():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    _pip(interpreter, "download", "--dest", str(unfinished), *_locked(lock))
    return unfinished.rename(folder)


def folder_of(lock: Path, *, cache: Path) -> Path:
    """Return where the wheels of just this lock are kept, if they are."""
    return cache / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def install(wheels: Path, *, lock: Path, site: Path, interpreter: Path) -> None:
    """Unpack the lock's wheels into a folder, from nowhere but `wheels`."""
    offline = ("--no-index", "--find-links", str(wheels))
    quiet = ("--no-compile", "--root-user-action=ignore")
    chosen = (*offline, *quiet, "--target", str(site))
    _pip(interpreter, "install", *chosen, *_locked(lock))


def _locked(lock: Path) -> tuple[str, ...]:
    locked = ("--require-hashes", "--requirement", str(lock))
    return (*_FOR_FUNCTION_COMPUTE, *locked)


def _pip(interpreter: Path, *words: str) -> None:
    # Under the interpreter itself: which lines of the lock count is decided by the
    # Python that pip runs on, whatever --python-version says.
    command = [sys.executable, "-m", "pip", "--python", str(interpreter), *words]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*command, *quiet], check=False)  # noqa: S603 our own words
    if done.returncode:
        raise BuildFailed(f"pip {words[0]} failed; what it said stands above.")
