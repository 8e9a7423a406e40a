"""The config service's documents in a folder, for a developer's machine."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

_FILE = re.compile(r"[1-9][0-9]*\.json")


class VersionExists(Exception):
    """Somebody else has written this version first."""


class FolderStore:
    """Immutable files `{kind}/{id}/{version}.json`; creating one never replaces."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, sorted."""
        folder = self._root / kind
        paths = folder.iterdir() if folder.is_dir() else ()
        return sorted(path.name for path in paths if path.is_dir())

    def versions(self, name: str) -> list[int]:
        """Return the versions of `{kind}/{id}`, oldest first."""
        folder = self._root / name
        names = os.listdir(folder) if folder.is_dir() else []
        return sorted(int(n[:-5]) for n in names if _FILE.fullmatch(n))

    def read(self, name: str, version: int) -> bytes:
        """Return a version's bytes."""
        return (self._root / name / f"{version}.json").read_bytes()

    def create(self, name: str, version: int, content: bytes) -> None:
        """Write a version whole and durably; VersionExists if it is there."""
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".new") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            try:
                # A link, unlike a rename, fails where the name is taken.
                os.link(file.name, folder / f"{version}.json")
            except FileExistsError:
                raise VersionExists(f"{name}/{version}") from None
