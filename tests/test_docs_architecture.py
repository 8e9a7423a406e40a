"""docs/architecture.md: its files exist, and each journey goes down the packages."""

from __future__ import annotations

import re

import pytest

from tests.support.documentation import ROOT, section
from tests.test_import_rules import PACKAGES, package_of

PAGE = ROOT / "docs/architecture.md"
FILE = re.compile(r"`([\w./]+\.(?:py|yml))`")
STEP = re.compile(r"^( *)- `([\w./]+\.py)`: ", re.MULTILINE)
HEADINGS = re.findall(r"^### (.+)$", section(PAGE, "Journeys"), re.MULTILINE)


def calls_of(heading):
    """Yield (caller, called) for each indented file, its depth being two blanks."""
    above = []
    for indent, file in STEP.findall(section(PAGE, heading)):
        del above[len(indent) // 2 :]
        if above:
            yield above[-1], file
        above.append(file)


def floor_of(file):
    """Return how far down the table a file's package stands; above it, -1."""
    package = package_of(file.removesuffix(".py").replace("/", "."))
    return list(PACKAGES).index(package) if package in PACKAGES else -1


def test_each_file_named_exists():
    """A renamed file is renamed on the page."""
    named = set(FILE.findall(PAGE.read_text("utf-8")))

    assert len(named) > 50
    assert [file for file in sorted(named) if not _exists(file)] == []


def _exists(file):
    # The page says `index.py` of the one that each function has.
    return (ROOT / file).is_file() or file in ("index.py", "__init__.py")


def test_the_journeys_name_files():
    """Each has a title, and the files that it passes through."""
    assert len(HEADINGS) == 10
    assert all(len(list(calls_of(heading))) > 5 for heading in HEADINGS)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_journey_goes_in_one_direction(heading):
    """A file calls its own package or one further down the table of packages."""
    upwards = [
        (caller, called)
        for caller, called in calls_of(heading)
        if floor_of(called) < floor_of(caller)
    ]

    assert upwards == []
