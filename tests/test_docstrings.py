"""Docstrings: a module and a class begin with a noun, a function with an imperative."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.documentation import syntax_tree

ROOT = Path(__file__).parents[1]
TREES = (
    *("bench", "client", "deploy", "examples", "functions", "host", "local_settings"),
    *("locale", "management", "runtime", "sandbox", "template"),
)
PRODUCT = [
    *(file for tree in TREES for file in sorted((ROOT / tree).rglob("*.py"))),
    *(ROOT / "local_host.py", ROOT / "manage.py"),
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

QUESTIONS = "How However So That There What When Where Wherever Which Who Whom Why"
DETERMINERS = "A All An Any Each Every Its No One Some The This"
THIRD_PERSON = (
    "Adds Asks Begins Brings Cannot Converts Finds Gives Hands Holds Is Issues Keeps "
    "Knows Lets Makes Opens Performs Puts Reads Refuses Sends Serves Signs Takes Tells "
    "Uses Writes"
)
ENDING_IN_S = {"Address", "Bypass", "Discuss", "Pass", "Press", "Process"}
"""Verbs that are no third user although they end in s."""


def each_of(files):
    return pytest.mark.parametrize(
        "file", files, ids=[str(file.relative_to(ROOT)) for file in files]
    )


def first_word(node):
    found = re.match(r"\w+", ast.get_docstring(node) or "")
    return found[0] if found else ""


def functions_of(file):
    """Yield the functions and methods that have a docstring; properties are nouns."""
    for node in ast.walk(syntax_tree(file)):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and ast.get_docstring(node):
            yield node


@each_of(PRODUCT + TESTS)
def test_a_module_begins_with_a_noun(file):
    """No question and no verb: the first words name what the file holds."""
    text = ast.get_docstring(syntax_tree(file)) or ""
    words = re.findall(r"\w+", text)

    assert not {*words[:1]} & {*QUESTIONS.split(), *THIRD_PERSON.split()}


@each_of(PRODUCT)
def test_a_class_begins_with_a_noun(file):
    """As a module does."""
    tree = syntax_tree(file)
    refused = {*QUESTIONS.split(), *THIRD_PERSON.split()}
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]

    assert [] == [each.name for each in classes if first_word(each) in refused]


@each_of(PRODUCT)
def test_a_function_begins_with_an_imperative(file):
    """ "Return …", not "Returns …", "The …" or "GET …"."""
    refused = {*QUESTIONS.split(), *DETERMINERS.split()}
    faults = [
        f"line {node.lineno}: {word}"
        for node in functions_of(file)
        for word in [first_word(node)]
        if word in refused
        or not word.istitle()
        or (word.endswith("s") and word not in ENDING_IN_S)
    ]

    assert faults == []
