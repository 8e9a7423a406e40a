"""What is in the archive: which part each file belongs to, and what that weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from deploy.package.layout import SITE


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed package, its files as names below the site."""

    name: str
    version: str
    licence: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A package or a room of our own; `packed` are its bytes in the archive."""

    name: str
    files: int
    size: int
    packed: int


def distributions(site: Path) -> list[Distribution]:
    """Return what pip has just installed, sorted; it needs pip's own records."""
    return [_read(each) for each in sorted(site.glob("*.dist-info"))]


def weigh(archive: Path, found: Iterable[Distribution]) -> list[Part]:
    """Return the parts of an archive, the heaviest first."""
    owners = {
        f"{SITE}/{file}": f"{each.name} {each.version}"
        for each in found
        for file in each.files
    }
    parts: dict[str, list[ZipInfo]] = {}
    with ZipFile(archive) as packed:
        for entry in packed.infolist():
            parts.setdefault(_part(entry.filename, owners), []).append(entry)
    weighed = [_weighed(name, entries) for name, entries in parts.items()]
    return sorted(weighed, key=lambda part: (-part.packed, part.name))


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
    said = message["License-Expression"] or message["License"]
    if said and "\n" not in said:
        return str(said)
    trove = message.get_all("Classifier", [])
    found = [each for each in trove if each.startswith("License")]
    return found[0].rpartition(" :: ")[2] if found else ""


def _part(name: str, owners: Mapping[str, str]) -> str:
    if not name.startswith(SITE):
        return name.partition("/")[0]
    folder, _, file = name.rpartition("/")
    if folder.endswith("/__pycache__"):
        folder = folder.removesuffix("/__pycache__")
        name = f"{folder}/{file.partition('.')[0]}.py"
    return owners[name]


def _weighed(name: str, entries: list[ZipInfo]) -> Part:
    return Part(
        name=name,
        files=len(entries),
        size=sum(entry.file_size for entry in entries),
        packed=sum(entry.compress_size for entry in entries),
    )
