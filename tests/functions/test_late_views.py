"""Views that an index names by text: their names are checked here, not by an import."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.documentation import syntax_tree

FUNCTIONS = sorted((Path(__file__).parents[2] / "functions").glob("*/index.py"))


def late_views(file):
    """Yield module and name of each view that this index imports at its first call."""
    tree = syntax_tree(file)
    modules = {
        node.targets[0].id: node.value.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if getattr(node.value.func, "id", "") == "late"
    }
    for node in ast.walk(tree):
        name = getattr(getattr(node, "value", None), "id", "")
        if isinstance(node, ast.Attribute) and name in modules:
            yield modules[name], node.attr


LATE = [(file.parent.name, view) for file in FUNCTIONS for view in late_views(file)]


def test_there_are_late_views():
    """The functions with several views have them."""
    without = {"deliver", "refresh"}

    assert {each.parent.name for each in FUNCTIONS} - without == {
        folder for folder, _ in LATE
    }


@pytest.mark.parametrize(("folder", "view"), LATE)
def test_a_late_view_is_there(folder, view):
    """In the function's own folder, and something to call."""
    module, name = view

    assert module.startswith(f"functions.{folder}.")
    assert callable(getattr(import_module(module), name))
