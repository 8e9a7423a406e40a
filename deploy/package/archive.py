"""Archive of a tree: the same tree gives the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_FILE = 0o100644 << 16
_UNIX = 3


def write_archive(code: Path, archive: Path) -> None:
    """Write the tree's files, sorted by name, all with the same time and mode."""
    files = {each.relative_to(code).as_posix(): each for each in code.rglob("*")}
    with ZipFile(archive, "w") as out:
        for name in sorted(name for name, each in files.items() if each.is_file()):
            entry = ZipInfo(name, _FIXED_TIME)
            entry.create_system, entry.external_attr = _UNIX, _FILE
            entry.compress_type = ZIP_DEFLATED
            out.writestr(entry, files[name].read_bytes(), compresslevel=9)


def digest(archive: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()
