"""Tables of answers: a row for each item of a list, or a line for each field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial, reduce
from typing import Any

from management.durations import duration
from management.text_width import longest_word, padded, width, wrapped
from management.words import AND_THE, N_, Words

_GAP = 2

_LEAST_OF_A_TEXT = 16
"""Columns below which no text is wrapped: its row becomes lines, one a field."""

_SHOWN_ONCE = ("secret", "token", "encoding_aes_key")

_DURATIONS = frozenset(
    ("age", "remaining", "due_in", "retry_in", "ticket_age", "token_remaining")
)
"""Fields that are seconds."""

_TIMES = frozenset(("authorized_at",))
"""Fields that are Unix time."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}\+00:00")

_DETAILS: Mapping[str, tuple[str, ...]] = {
    "acts": ("from", "changed"),
    "authorizers": ("permission_sets", "version"),
    "clients": ("secrets", "version"),
    "components": ("token_errmsg", "unfinished"),
    "dead": ("kind", "target", "time"),
    "deliveries": ("kind", "began"),
    "people": ("version",),
    "pushes": ("bytes",),
    "routes": (
        *("format", "stop", "late_reply", "hold", "receive_id", "ordered"),
        "reply_within",
    ),
    "tokens": ("due_in", "fence", "being_fetched", "fetches_today", "forced_today"),
}
"""By list: the columns that `--wide` shows besides."""

_YES, _NO, _NONE = N_("yes"), N_("no"), N_("none")


@dataclass(frozen=True, slots=True)
class Screen:
    """A place to print on; a `wide` one gets every column, and nothing is wrapped."""

    columns: int
    words: Words
    wide: bool = False


def table(answer: Mapping[str, Any], screen: Screen) -> str:
    """Return the answer as text."""
    answer, paste = dict(answer), answer.get("paste")
    answer.pop("paste", None)
    words = screen.words
    single = {name: v for name, v in answer.items() if not _is_rows(v)}
    parts = [_lines(single, screen)] if single else []
    parts += [_rows(name, v, screen) for name, v in answer.items() if _is_rows(v)]
    if once := [name for name in _SHOWN_ONCE if name in answer]:
        sentence = "The {1} is shown this once."
        if len(once) > 1:
            sentence = "The {1} are shown this once."
        names = reduce(partial(words.filled, AND_THE), map(words.heading, once))
        parts.append(words.filled(sentence, names))
    if paste:
        parts.append(f"{words('To be pasted at the client:')}\n\n{paste}")
    return "\n\n".join(part for part in parts if part) or words(_NONE)


def lines_of(fields: Mapping[str, str], screen: Screen) -> str:
    """Return a line for each name and its text."""
    return _pairs(list(fields.items()), screen)


def paragraph(text: str, screen: Screen) -> str:
    """Return a text in lines that fit."""
    return text if screen.wide else "\n".join(wrapped(text, screen.columns))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _lines(fields: Mapping[str, Any], screen: Screen) -> str:
    """Return a line for each field: its name, and its value in as many as it takes."""
    pairs = [
        (screen.words.heading(name), _text(name, value, screen.words))
        for name, value in fields.items()
    ]
    return _pairs(pairs, screen)


def _pairs(pairs: Sequence[tuple[str, str]], screen: Screen) -> str:
    left = max(width(name) for name, _ in pairs) + _GAP
    lines = []
    for name, text in pairs:
        room = max(screen.columns - left, _LEAST_OF_A_TEXT)
        cell = text.split("\n") if screen.wide else wrapped(text, room)
        indent = left
        if not screen.wide and longest_word(text) > room:
            # Whole below its name, such as a URL.
            lines.append(name)
            indent, name = _GAP, ""
            cell = wrapped(text, screen.columns - _GAP)
        for place, line in enumerate(cell):
            lines.append(padded("" if place else name, indent) + line)
    return "\n".join(line.rstrip() for line in lines)


def _rows(name: str, rows: Sequence[Mapping[str, Any]], screen: Screen) -> str:
    fields, words = list(rows[0]), screen.words
    if fields == ["field", "value"]:
        pairs = [
            (_text("", r["field"], words), _text("", r["value"], words)) for r in rows
        ]
        heading = words.heading("field"), words.heading("value")
        return _pairs([heading, *pairs], screen)
    hidden = () if screen.wide else _DETAILS.get(name, ())
    fields = [each for each in fields if each not in hidden]
    if not screen.wide and not _fits(fields, rows, screen):
        filled = [f for f in fields if any(not _is_empty(row.get(f)) for row in rows)]
        fields = filled or fields
    cells = _cells(fields, rows, words)
    natural = _natural(cells)
    if screen.wide or _total(natural) <= screen.columns:
        return _grid(cells, natural)
    if widths := _shrunk(cells, natural, screen.columns):
        return _grid(cells, widths)
    each = [
        {f: row.get(f) for f in fields if not _is_empty(row.get(f))} for row in rows
    ]
    return "\n\n".join(_lines(row, screen) for row in each if row)


def _fits(fields: list[str], rows: Sequence[Mapping[str, Any]], screen: Screen) -> bool:
    return _total(_natural(_cells(fields, rows, screen.words))) <= screen.columns


def _cells(
    fields: list[str], rows: Sequence[Mapping[str, Any]], words: Words
) -> list[list[str]]:
    """Return the headings, and the texts of each row."""
    texts = [[_text(name, row.get(name), words) for name in fields] for row in rows]
    return [[words.heading(name) for name in fields], *texts]


def _natural(cells: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column if nothing is wrapped."""
    return [
        max(width(line) for cell in column for line in cell.split("\n"))
        for column in zip(*cells, strict=True)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _shrunk(
    cells: Sequence[Sequence[str]], natural: Sequence[int], columns: int
) -> list[int] | None:
    """Return widths that fit together, None if there are none: texts are wrapped."""
    least = [
        max(
            width(column[0]),
            *map(longest_word, column[1:]),
            min(most, _LEAST_OF_A_TEXT),
        )
        for column, most in zip(zip(*cells, strict=True), natural, strict=True)
    ]
    least = [min(each, most) for each, most in zip(least, natural, strict=True)]
    widths = list(natural)
    while (over := _total(widths) - columns) > 0:
        spare = [now - low for now, low in zip(widths, least, strict=True)]
        if not any(spare):
            return None
        # The widest of those that can be narrower, down to the next one.
        place = max(
            range(len(widths)), key=lambda each: (spare[each] > 0, widths[each])
        )
        widths[place] -= min(over, spare[place])
    return widths


def _grid(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    """Return the cells below each other; one that is wrapped makes its row higher."""
    lines = []
    for row in cells:
        parts = [wrapped(cell, most) for cell, most in zip(row, widths, strict=True)]
        for place in range(max(map(len, parts))):
            texts = [part[place] if place < len(part) else "" for part in parts]
            padding = zip(texts, widths, strict=True)
            line = (" " * _GAP).join(padded(text, most) for text, most in padding)
            lines.append(line.rstrip())
    return "\n".join(lines)


def _is_empty(value: Any) -> bool:
    return value is None or value in ([], {}, "")


def _text(name: str, value: Any, words: Words) -> str:
    if value is None or value == [] or value == {}:
        return "-"
    if isinstance(value, bool):
        return words(_YES if value else _NO)
    if isinstance(value, (int, float)) and name in _DURATIONS:
        return duration(value, words)
    if isinstance(value, int) and name in _TIMES:
        moment = datetime.fromtimestamp(value, timezone.utc)
        value = moment.isoformat(timespec="seconds")
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 10 else f"{round(value, 1) + 0:g}"
    if isinstance(value, Mapping):
        pairs = (f"{key}: {_text(key, each, words)}" for key, each in value.items())
        return "; ".join(pairs)
    if isinstance(value, list):
        texts = [_text(name, each, words) for each in value]
        # Sentences have lines of their own.
        return (
            "\n" if any(text.endswith((".", "。")) for text in texts) else " "
        ).join(texts)
    if _TIME.fullmatch(str(value)):
        return str(value).replace("+00:00", "Z")
    return words(value) if isinstance(value, str) and " " in value else str(value)
