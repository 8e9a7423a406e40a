"""Lua scripts of the gateway, found in its modules."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARK = re.compile(r"redis\.p?call\(")


def all_scripts():
    """Return every script by `module.NAME`; a part of a script is one as well."""
    found = {}
    for name in _modules_with_scripts():
        for constant, value in vars(importlib.import_module(name)).items():
            if isinstance(value, str) and MARK.search(value):
                found[f"{name}.{constant}"] = value
    return found


def scripts_inside_functions():
    """Return where a script stands that `all_scripts` cannot find."""
    found = []
    for name in _modules_with_scripts():
        path = ROOT / f"{name.replace('.', '/')}.py"
        found += [
            f"{name}:{node.lineno}"
            for function in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(function, (ast.FunctionDef, ast.Lambda))
            for node in ast.walk(function)
            if isinstance(node, ast.Constant) and MARK.search(str(node.value))
        ]
    return found


def _modules_with_scripts():
    for folder in ("runtime", "functions", "host", "management"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if MARK.search(path.read_text("utf-8")):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)
