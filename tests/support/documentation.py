"""The pages of the documentation, and the code that they describe."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OURS = ("*.md", "docs/**/*.md", "sandbox/**/*.md", "tests/**/*.md")


def pages():
    """Return every page of the repository."""
    return sorted(path for pattern in _OURS for path in ROOT.glob(pattern))


def section(page, heading):
    """Return the text under a heading, with its smaller headings."""
    text = page.read_text("utf-8")
    match = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    assert match, f"{page.name} has no heading {heading}"
    end = re.compile(rf"^#{{1,{len(match[1])}}} ", re.MULTILINE)
    following = end.search(text, match.end())
    return text[match.end() : following.start() if following else len(text)]


def rows(text):
    """Return the cells of each table row that begins with a name in backticks."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def names(table):
    """Return the first cells of rows, without backticks."""
    return [row[0].strip("`") for row in table]


def sources(*folders):
    """Return module name and syntax tree of each module in these packages and files."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    paths += [ROOT / file for file in folders if file.endswith(".py")]
    return [(_module(path), syntax_tree(path)) for path in paths]


def syntax_tree(path):
    """Return the syntax tree of a file.

    CPython before 3.11.8 counts the depth of the tree for all threads at once
    (gh-106905): it fails if another thread writes a traceback, which parses, too.
    """
    text = path.read_text("utf-8")
    for _ in range(9):
        with contextlib.suppress(SystemError):
            return ast.parse(text)
    return ast.parse(text)


def calls(tree, *called):
    """Return the calls of functions or methods with one of these names."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in nodes if _called(node) in called]


def texts(node):
    """Return the pieces of text in an expression or a module."""
    found = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return {each for each in found if isinstance(each, str) and each}


def code_blocks(text, language):
    """Return what stands between fences of this language."""
    fences = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [each[2] for each in fences.finditer(text) if each[1] == language]


def _module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _called(node):
    return getattr(node.func, "id", None) or getattr(node.func, "attr", None)
