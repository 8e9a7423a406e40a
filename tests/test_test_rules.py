"""Rules of the tests themselves: which seams they use, and how they are described."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.documentation import syntax_tree

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tests").rglob("*.py"))

PRIVATE_OF_OTHERS = {"_asdict", "_exit", "_fields", "_http", "_replace"}
"""Of named tuples, of os and of wechatpy, which offers no other way to its session."""


def each_file(function):
    names = [str(file.relative_to(ROOT)) for file in FILES]
    return pytest.mark.parametrize("file", FILES, ids=names)(function)


def nodes_of(file, kind):
    tree = syntax_tree(file)
    return [node for node in ast.walk(tree) if isinstance(node, kind)]


@each_file
def test_nothing_is_patched_by_a_string_path(file):
    """A rename would leave the string behind, and the test would patch nothing."""
    faults = [
        f"line {call.lineno}"
        for call in nodes_of(file, ast.Call)
        if getattr(call.func, "attr", "") in {"setattr", "delattr", "patch"}
        if call.args and isinstance(call.args[0], ast.Constant)
    ]

    assert faults == []


@each_file
def test_no_private_name_of_another_is_used(file):
    """Tests use what a module offers, so that its inside may change."""
    faults = [
        f"line {node.lineno}: {node.attr}"
        for node in nodes_of(file, ast.Attribute)
        if node.attr.startswith("_") and not node.attr.startswith("__")
        if node.attr not in PRIVATE_OF_OTHERS
        if getattr(node.value, "id", "") not in {"self", "cls"}
    ]
    faults += [
        f"line {node.lineno}: {alias.name}"
        for node in nodes_of(file, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]

    assert faults == []
