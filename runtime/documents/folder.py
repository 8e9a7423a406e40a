"""Documents in a folder, for a developer's machine or a shared file system."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from runtime.documents.store import Stored, VersionExists, existing_ids

_FILE = re.compile(r"[1-9][0-9]*\.json")


class FolderStore:
    """Immutable files `{kind}/{id}/{version}.json`; creating one never replaces."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, sorted, without those that are removed."""
        return existing_ids(self.chains(kind))

    def chains(self, kind: str) -> dict[str, list[Stored]]:
        """Return the versions of all documents of a kind by id, oldest first."""
        folder = self._root / kind
        ids = os.listdir(folder) if folder.is_dir() else []
        found = {id_: self.history(f"{kind}/{id_}") for id_ in ids}
        return {id_: chain for id_, chain in found.items() if chain}

    def history(self, name: str) -> list[Stored]:
        """Return the versions of `{kind}/{id}` with their dates, oldest first."""
        return [self._stored(name, version) for version in self.versions(name)]

    def versions(self, name: str) -> list[int]:
        """Return the versions of `{kind}/{id}`, oldest first."""
        folder = self._root / name
        names = os.listdir(folder) if folder.is_dir() else []
        return sorted(int(n[:-5]) for n in names if _FILE.fullmatch(n))

    def read(self, name: str, version: int) -> bytes:
        """Return a version's bytes; FileNotFoundError if there is none."""
        return self.read_object(f"{name}/{version}")

    def create(self, name: str, version: int, content: bytes) -> None:
        """Write a version whole and durably; VersionExists if it is there."""
        self.create_object(f"{name}/{version}", content)

    def create_object(self, name: str, content: bytes) -> None:
        """Write `{folder}/{name}.json` durably; VersionExists if it is there."""
        target = self._root / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".new") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            try:
                # A link, unlike a rename, fails where the name is taken.
                os.link(file.name, target)
            except FileExistsError:
                raise VersionExists(name) from None

    def create_only_fault(self) -> str:
        """Return "": a link never replaces a file."""
        return ""

    def read_object(self, name: str) -> bytes:
        """Return the bytes of `{folder}/{name}.json`; FileNotFoundError if absent."""
        return (self._root / f"{name}.json").read_bytes()

    def object_names(self, folder: str) -> list[str]:
        """Return the names of the objects right below a folder, sorted."""
        place = self._root / folder
        names = os.listdir(place) if place.is_dir() else []
        return sorted(name[:-5] for name in names if name.endswith(".json"))

    def _stored(self, name: str, version: int) -> Stored:
        found = (self._root / name / f"{version}.json").stat()
        return Stored(version, found.st_size, found.st_mtime)
