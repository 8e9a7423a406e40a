"""Names in the code: the field's words, and no word of a list of old metaphors."""

from __future__ import annotations

import io
import re
import tokenize
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

WORDS = {
    "toll": "rate cost",
    "purse": "prepaid",
    "recollection": "recent values",
    "recollections": "recent values",
    "flight": "single flight, or a request in flight",
    "flights": "single flight",
    "crew": "prefork, worker",
    "house": "host, server",
    "household": "children",
    "pilot": "authorization request",
    "siege": "load, or a hostile call",
    "furnish": "set up",
    "furnished": "set up",
    "furnishing": "setup",
    "door": "entry, endpoint",
    "doors": "entries, endpoints",
    "hall": "package",
    "rooms": "packages, trees",
    "person": "user",
    "people": "users",
}
"""The metaphor or private word, and what it is called here."""

PHRASES = {
    "way_on": "a continue link",
    "way_back": "a redirect, a return path",
    "way_there": "a redirect",
}

IN_THE_PRODUCT = {"told": "answer, message, result", "said": "answer, text"}
"""Refused outside the tests, too, where several words fit better than one."""

STANDARD = ("single_flight", "in_flight", "third_person")
"""Go's name of the pattern, HTTP's of an unanswered request, grammar's of a verb."""


TREES = (
    *("bench", "client", "deploy", "docs", "examples", "functions", "host", "locale"),
    *("local_settings", "management", "runtime", "sandbox", "template", "tests"),
)
FILES = [
    *(each for tree in TREES for each in sorted((ROOT / tree).rglob("*.py"))),
    *(ROOT / "local_host.py", ROOT / "manage.py"),
]


def faults_of(name, words_refused=WORDS):
    """Return what the name should be called, for each word that it must not have."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)
    text = "_".join(word.lower() for word in words)
    for term in STANDARD:
        text = text.replace(term, "")
    lower = text.split("_")
    joined = f"_{text}_"
    refused = [word for word in lower if word in words_refused]
    found = [f"{name}: {words_refused[word]}" for word in refused]
    return found + [f"{name}: {PHRASES[p]}" for p in PHRASES if f"_{p}_" in joined]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_identifier_is_a_metaphor(file):
    """Functions, classes, variables, attributes and arguments, those of tests too."""
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline)
    names = {each.string for each in tokens if each.type == tokenize.NAME}

    words = WORDS if ROOT / "tests" in file.parents else WORDS | IN_THE_PRODUCT
    assert [] == [fault for name in sorted(names) for fault in faults_of(name, words)]


def test_no_file_or_folder_is_named_by_a_metaphor():
    """Of any kind: code, pages, templates, settings."""
    found = [each for tree in TREES for each in (ROOT / tree).rglob("*")]
    names = {each.stem for each in found if each.suffix != ".pyc"}

    assert [] == [fault for name in sorted(names) for fault in faults_of(name)]


def test_the_search_finds_what_it_is_for():
    """In each style of writing a name; words that only contain one are no fault."""
    for name in ("toll", "_purse_of", "MOST_FLIGHTS", "TestTheWayOn", "aCrew"):
        assert faults_of(name)
    for name in ("tolled", "personal_ids", "away_on", "SingleFlight"):
        assert not faults_of(name)


def nearly_the_same(one, other):
    """Tell whether a single letter makes the difference."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    longer, shorter = sorted((one, other), key=len, reverse=True)
    cut = (longer[:place] + longer[place + 1 :] for place in range(len(longer)))
    return shorter in cut


def test_no_two_files_differ_by_one_letter():
    """A reader would open `session.py` for `sessions.py`."""
    trees = ("functions", "host", "management", "runtime")
    found = {each.stem for tree in trees for each in (ROOT / tree).rglob("*.py")}

    pairs = combinations(sorted(found), 2)
    assert [] == [pair for pair in pairs if nearly_the_same(*pair)]
