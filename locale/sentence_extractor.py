"""An extractor for Babel of what the command line prints, also of operations.

Every text with words of the language is a sentence, without a mark. Where it has a
value, its message has `{1}`, `{2}`. The keys of an answer are the headings of tables.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

_WORDS = re.compile(r"[a-z]{2,}[,:;.)]* (?:.*[a-z])?|[A-Za-z)}] [a-z]{2,}")
_CODE = re.compile(
    r"\\|\(\?|[<>]|^(?:curl|python|manage\.py|tuple\[|Mapping\[|route |c\.)"
)
"""Commands and other text that is the same in every language."""

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,40}")

_SILENT = frozenset(("getLogger", "compile", "N_"))
"""Functions whose texts nobody sees at the command line, or that mark by themselves."""

_LOGS = ("log", "_log")


def extract(
    file: BinaryIO,
    keywords: dict[str, Any],
    comment_tags: list[str],
    options: Any,
) -> Iterable[tuple[int, str | None, str | tuple[str, ...], list[str]]]:
    """Return the sentences and the headings of a module."""
    tree = ast.parse(file.read())
    options = options or {}
    marked = options.get("marked") == "yes"
    found = list(_sentences(tree, marked=marked))
    for line, text in found:
        yield line, None, text, []
    for line, key in _fields(tree, options.get("headings")):
        yield line, "pgettext", ("heading", key), []


def _sentences(tree: ast.AST, *, marked: bool) -> Iterator[tuple[int, str]]:
    if isinstance(tree, ast.Call) and _is_silent(tree.func):
        if _name(tree.func) == "N_" and marked:
            for each in tree.args:
                if isinstance(each, ast.Constant):
                    yield tree.lineno, each.value
        return
    body = getattr(tree, "body", None)
    if isinstance(body, list):
        _drop_docstrings(body)
    if isinstance(tree, (ast.JoinedStr, ast.BinOp, ast.Constant)):
        parts = _parts(tree)
        if parts is not None:
            holes = [each for each in parts if not isinstance(each, str)]
            text = _message(parts)
            if _is_sentence(text):
                yield tree.lineno, text
            for each in holes:
                yield from _sentences(each, marked=marked)
            return
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, ast.expr_context):
            yield from _sentences(child, marked=marked)


def _is_silent(function: ast.expr) -> bool:
    of_log = ast.unparse(function).rpartition(".")[0] in _LOGS
    return of_log or _name(function) in _SILENT


def _name(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def _drop_docstrings(body: list[Any]) -> None:
    body[:] = [
        each
        for each in body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def _parts(node: ast.AST) -> list[str | ast.AST] | None:
    """Return texts and values of a text that is put together; None if it is none."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts: list[str | ast.AST] = []
        for each in node.values:
            parts.append(each.value if isinstance(each, ast.FormattedValue) else each)
        return [p.value if isinstance(p, ast.Constant) else p for p in parts]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [_parts(node.left), _parts(node.right)]
        if sides == [None, None]:
            return None
        both: list[str | ast.AST] = []
        for side, half in zip(sides, (node.left, node.right), strict=True):
            both += [half] if side is None else side
        return both
    return None


def _message(parts: Iterable[str | ast.AST]) -> str:
    text, number = "", 0
    for part in parts:
        if isinstance(part, str):
            text += part
        else:
            number += 1
            text += f"{{{number}}}"
    return text.strip()


def _is_sentence(text: str) -> bool:
    plain = re.sub(r"\{[0-9]\}", "x", text)
    return bool(_WORDS.search(plain)) and not _CODE.search(text) and "\n" not in text


def _fields(tree: ast.Module, kind: str | None) -> Iterator[tuple[int, str]]:
    """Return the fields of answers: keys that functions make, and classes' own.

    Of the modules with `rules` for documents, the fields that these tables have.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and kind == "answers":
            yield from _keys(node)
        is_table = isinstance(node, ast.AnnAssign) and kind == "rules"
        if is_table and "Rule]" in ast.unparse(node):
            yield from _keys(node)
        if isinstance(node, ast.ClassDef) and kind == "answers":
            for each in node.body:
                if isinstance(each, ast.AnnAssign) and isinstance(
                    each.target, ast.Name
                ):
                    yield each.lineno, each.target.id


def _keys(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        keys: list[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            keys = node.keys
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            keys = [node.slice]
        for key in keys:
            if isinstance(key, ast.Constant) and _FIELD.fullmatch(str(key.value)):
                yield node.lineno, str(key.value)
