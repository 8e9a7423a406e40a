"""Width of a text in a terminal, and its lines of a given width."""

from __future__ import annotations

import re
import unicodedata

_CLOSING = frozenset("，。、；：！？）】》」』”’")
"""Signs with which no line begins."""


def width(text: str) -> int:
    """Return the columns that a text takes: two for a Chinese character."""
    return sum(map(_columns, text))


def longest_word(text: str) -> int:
    """Return the width of the widest part that `wrapped` does not break."""
    return max(map(width, _words(text)), default=0)


def padded(text: str, columns: int) -> str:
    """Return the text with blanks behind it."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """Return the lines of a text; a word that is wider than a line stays whole.

    Lines end at blanks, and between Chinese characters. What has no blanks, such as an
    id, can be copied.
    """
    return [line for each in text.split("\n") for line in _lines(each, columns)]


def _lines(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for word in _words(text):
        if line.strip() and width(line) + width(word.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Return the parts that are not broken, each with the blanks behind it."""
    words: list[str] = []
    for piece in _pieces(text):
        is_kept = piece[0] == " " or piece[0] in _CLOSING
        if words and is_kept:
            words[-1] += piece
        else:
            words.append(piece)
    return words


def _pieces(text: str) -> list[str]:
    """Return blanks, wide characters one by one, and the runs between them.

    A path of WeChat's API is broken behind a slash; no URL is.
    """
    pieces, run = [], ""
    for character in text:
        if character == " " or _columns(character) == 2:
            pieces += [run] if run else []
            pieces.append(character)
            run = ""
        else:
            run += character
    pieces += [run] if run else []
    return [part for each in pieces for part in _parts_of_path(each)]


def _parts_of_path(piece: str) -> list[str]:
    return re.findall("/?[^/]*/|[^/]+", piece) if piece[0] == "/" != piece else [piece]


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1
