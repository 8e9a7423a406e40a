"""Contents of the archive: the package of each file, and the size of each package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile, ZipInfo


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed package, its files as names below the site."""

    name: str
    version: str
    licence: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class ContentSize:
    """An installed package or one of ours; `packed` is its size in the archive."""

    name: str
    files: int
    size: int
    packed: int


def distributions(site: Path) -> list[Distribution]:
    """Return the packages that pip has just installed, sorted, from pip's records."""
    return [_read(each) for each in sorted(site.glob("*.dist-info"))]


def content_sizes(
    archive: Path, found: Iterable[Distribution], *, site: str
) -> list[ContentSize]:
    """Return the sizes of the packages in an archive, the largest first.

    `site` is the folder of the installed ones in it.
    """
    owners = {
        f"{site}/{file}": f"{each.name} {each.version}"
        for each in found
        for file in each.files
    }
    contents: dict[str, list[ZipInfo]] = {}
    with ZipFile(archive) as packed:
        for entry in packed.infolist():
            name = _package_of(entry.filename, owners, site)
            contents.setdefault(name, []).append(entry)
    sizes = [_size_of(name, entries) for name, entries in contents.items()]
    return sorted(sizes, key=lambda size: (-size.packed, size.name))


def _read(information: Path) -> Distribution:
    message = HeaderParser().parsestr((information / "METADATA").read_text("utf-8"))
    record = (information / "RECORD").read_text("utf-8").splitlines()
    return Distribution(
        name=str(message["Name"]),
        version=str(message["Version"]),
        licence=_licence(message),
        files=frozenset(line.partition(",")[0] for line in record),
    )


def _licence(message: Message) -> str:
    license_ = message["License-Expression"] or message["License"]
    if license_ and "\n" not in license_:
        return str(license_)
    trove = message.get_all("Classifier", [])
    found = [each for each in trove if each.startswith("License")]
    return found[0].rpartition(" :: ")[2] if found else ""


def _package_of(name: str, owners: Mapping[str, str], site: str) -> str:
    if not name.startswith(site):
        return name.partition("/")[0]
    folder, _, file = name.rpartition("/")
    if folder.endswith("/__pycache__"):
        folder = folder.removesuffix("/__pycache__")
        name = f"{folder}/{file.partition('.')[0]}.py"
    return owners[name]


def _size_of(name: str, entries: list[ZipInfo]) -> ContentSize:
    return ContentSize(
        name=name,
        files=len(entries),
        size=sum(entry.file_size for entry in entries),
        packed=sum(entry.compress_size for entry in entries),
    )
