"""docs/security.md and the tests tell of the same cases, no more and no fewer."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import lru_cache

import pytest

from tests.support.documentation import ROOT, rows, section, syntax_tree

PAGE = ROOT / "docs/security.md"
NUMBERS = {"case": range(1, 196), "bug": range(1, 11)}
HEADINGS = {"case": "The cases", "bug": "Bugs seen in the field"}
NOT_HERE = "does not apply: "

each_kind = pytest.mark.parametrize("kind", NUMBERS)


def table(kind):
    """Return what is tried, what happens and where it is shown, by number."""
    found = rows(section(PAGE, HEADINGS[kind]))
    return [(int(row[0].strip("`")), row[1:]) for row in found]


def marked(kind):
    """Return the names of the test files by number, as the page writes them."""
    found = defaultdict(set)
    for name, tree in parsed_tests():
        for number in numbers(tree, kind):
            found[number].add(name)
    return found


@lru_cache
def parsed_tests():
    """Return the name and the syntax tree of each file of tests."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    return [
        (
            path.relative_to(ROOT / "tests").with_suffix("").as_posix(),
            syntax_tree(path),
        )
        for path in paths
    ]


def numbers(tree, kind):
    """Yield the numbers on tests, on their classes and on whole modules."""
    for node in ast.walk(tree):
        is_test = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if is_test and node.name.lower().startswith("test"):
            marks = node.decorator_list
        elif isinstance(node, ast.Assign) and is_for_all(node.targets[0]):
            marks = list(ast.walk(node.value))
        else:
            continue
        for mark in marks:
            if ast.unparse(mark).startswith(f"pytest.mark.{kind}("):
                yield from map(ast.literal_eval, mark.args)


def is_for_all(target):
    return ast.unparse(target) == "pytestmark"


@each_kind
def test_every_number_has_its_row(kind):
    """Each once, in order, with what is tried and what happens."""
    found = table(kind)

    assert [number for number, _ in found] == list(NUMBERS[kind])
    assert all(len(cells) == 3 and all(cells) for _, cells in found)


@each_kind
def test_what_is_said_to_be_shown_is_shown(kind):
    """By a test in the file that the row names, with the row's number on it."""
    shown = marked(kind)
    named = {
        number: re.fullmatch(r"`([\w/]+)`", cells[-1])[1]
        for number, cells in table(kind)
        if not cells[-1].startswith(NOT_HERE)
    }
    wrong = [number for number in named if named[number] not in shown[number]]

    assert wrong == []


@each_kind
def test_what_does_not_apply_has_a_reason_and_no_test(kind):
    """A row that says so, with words behind it."""
    shown = marked(kind)
    aside = {
        number: cells[-1].removeprefix(NOT_HERE)
        for number, cells in table(kind)
        if cells[-1].startswith(NOT_HERE)
    }

    assert all(len(reason.split()) > 3 for reason in aside.values())
    assert [number for number in aside if shown[number]] == []


@each_kind
def test_every_marked_number_is_on_the_page(kind):
    """A number that nobody explains marks nothing."""
    assert set(marked(kind)) <= set(NUMBERS[kind])
