"""Reasons not to release what is checked out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSION_FILES = {
    "runtime/version.py": r'^VERSION = "([^"]+)"$',
    "pyproject.toml": r'^version = "([^"]+)"$',
    "client/pyproject.toml": r'^version = "([^"]+)"$',
}
"""Files that name the version, each with the pattern of its line."""

_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}")


class Refused(Exception):
    """This is not released; the message says why and what to do."""


def git(root: Path, *words: str) -> str:
    """Return what git prints; Refused with its own message if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["git", "-C", str(root), *words],  # noqa: S607 - the maintainer's git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            umask=0o022,
            check=False,
        )
    except OSError as error:
        raise Refused(f"git does not run: {error.strerror}.") from None
    if done.returncode:
        raise Refused(f"git failed: {done.stderr.strip()}")
    return done.stdout.strip()


def version_of(root: Path) -> str:
    """Return the version that is checked out; Refused if its files disagree."""
    found = {}
    for name, pattern in VERSION_FILES.items():
        if (root / name).is_file():
            line = re.search(pattern, (root / name).read_text("utf-8"), re.MULTILINE)
            found[name] = line[1] if line else "none"
    versions = {*found.values()}
    if len(versions) > 1 or not all(map(_NUMBER.fullmatch, versions)):
        listed = ", ".join(f"{name}: {version}" for name, version in found.items())
        raise Refused(f"One version of three numbers is needed; there is {listed}.")
    return versions.pop()


def faults(root: Path, version: str) -> Iterator[str]:
    """Yield each reason not to release this checkout as that version."""
    if git(root, "rev-parse", "--show-prefix"):
        yield "This is not the root of a repository."
    if changed := git(root, "status", "--porcelain"):
        first = changed.partition("\n")[0].strip()
        yield f"The tree has changes, the first is {first}: commit them."
    if not _notes(root, version):
        yield f"CHANGELOG.md has no entry below ## [{version}] - YYYY-MM-DD."
    if git(root, "tag", "--list", tag_of(version)):
        yield f"The tag {tag_of(version)} exists: raise the version."


def tag_of(version: str) -> str:
    """Return the name of a version's tag."""
    return f"v{version}"


def _notes(root: Path, version: str) -> bool:
    text = (root / "CHANGELOG.md").read_text("utf-8")
    heading = rf"^## \[{re.escape(version)}\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$"
    found = re.search(heading, text, re.MULTILINE)
    below = text[found.end() :].partition("\n## ")[0] if found else ""
    return "\n- " in below
