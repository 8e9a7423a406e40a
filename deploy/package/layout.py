"""Layout of the tree that becomes the archive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.package.failed import BuildFailed
from deploy.package.target import PACKAGES

_OURS = ("functions", "runtime")
_CATALOGUES = "locale/*/LC_MESSAGES/*.mo"
_RUNBOOK = "docs/operating/*.md"
"""What the console shows to operators, of the version that runs."""


def sources(root: Path) -> list[Path]:
    """Return the project's files to send, sorted; BuildFailed if one is missing.

    Bytecode and hidden files are left out: the same commit must give the same archive.
    """
    catalogues = sorted(root.glob(_CATALOGUES))
    texts = sorted(root.glob("locale/*/LC_MESSAGES/*.po"))
    if [each.with_suffix(".mo") for each in texts] != catalogues:
        raise BuildFailed("Catalogues are not compiled: make setup compiles them.")
    files = (file for folder in _OURS for file in _files(root / folder))
    runbook = root.glob(_RUNBOOK)
    return sorted([*files, *catalogues, *runbook, root / "template.yml"])


def copy_sources(root: Path, code: Path) -> None:
    """Copy the project's own files into an empty tree."""
    for file in sources(root):
        target = code / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def copy_packages(root: Path, code: Path) -> None:
    """Copy the compiled packages into the tree of the project's files."""
    shutil.copytree(root / PACKAGES, code / PACKAGES)


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        is_leftover = file.suffix == ".pyc" or any(
            part.startswith(".") for part in file.relative_to(folder).parts
        )
        if file.is_file() and not is_leftover:
            yield file
