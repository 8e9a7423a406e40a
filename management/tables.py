"""Tables of answers: a row for each item of a list, or a line for each field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_GAP = "  "

_SHOWN_ONCE = ("secret", "token", "encoding_aes_key")


def table(answer: Mapping[str, Any]) -> str:
    """Return the answer as text."""
    answer, paste = dict(answer), answer.get("paste")
    answer.pop("paste", None)
    single = [(name, _text(v)) for name, v in answer.items() if not _is_rows(v)]
    parts = [_columns(single)] if single else []
    parts += [_rows(v) for name, v in answer.items() if _is_rows(v)]
    once = [name for name in _SHOWN_ONCE if name in answer]
    if once:
        verb = "is" if len(once) == 1 else "are"
        parts.append(f"The {' and the '.join(once)} {verb} shown this once.")
    if paste:
        parts.append(f"To be pasted at the client:\n\n{paste}")
    return "\n\n".join(part for part in parts if part) or "none"


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(rows[0])
    return _columns([names, *([_text(row.get(n)) for n in names] for row in rows)])


def _columns(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        _GAP.join(
            cell + " " * (width - _width(cell))
            for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _text(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 10 else f"{round(value, 1) + 0:g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return str(value)


def _width(text: str) -> int:
    # A Chinese character takes two columns in a terminal.
    return sum(2 if unicodedata.east_asian_width(c) in "FW" else 1 for c in text)
