"""Where things are in the tree that becomes the archive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.package.failed import BuildFailed

PACKAGES = ".fun/python"
SITE = f"{PACKAGES}/lib/python3.10/site-packages"
"""`fun` sets PYTHONUSERBASE=/code/.fun/python, and this is its user site."""

_ROOMS = ("functions", "runtime")
_CATALOGUES = "locale/*/LC_MESSAGES/*.mo"


def sources(root: Path) -> list[Path]:
    """Return the project's own files that are sent, sorted; BuildFailed if one lacks.

    Neither bytecode nor hidden files: what an editor or an interpreter left behind
    would make the same commit differ.
    """
    catalogues = sorted(root.glob(_CATALOGUES))
    texts = sorted(root.glob("locale/*/LC_MESSAGES/*.po"))
    if [each.with_suffix(".mo") for each in texts] != catalogues:
        raise BuildFailed("Catalogues are not compiled: make setup compiles them.")
    rooms = (file for room in _ROOMS for file in _files(root / room))
    return sorted([*rooms, *catalogues, root / "template.yml"])


def copy_sources(root: Path, code: Path) -> None:
    """Copy the project's own files into an empty tree."""
    for file in sources(root):
        target = code / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def copy_packages(root: Path, code: Path) -> None:
    """Copy the packages, compiled as they are, beside the project's own files."""
    shutil.copytree(root / PACKAGES, code / PACKAGES)


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        left_behind = file.suffix == ".pyc" or any(
            part.startswith(".") for part in file.relative_to(folder).parts
        )
        if file.is_file() and not left_behind:
            yield file
