"""Large JSON objects: a member of one, without parsing all of it.

WeChat puts errcode and errmsg in front of an answer's data or behind it.
"""

from __future__ import annotations

import json
import re
from typing import Any

NOT_THERE = object()
"""In place of a value: neither end of the object has the member."""

_HEAD = 16 * 1024
_TAIL = 1024

_DECODER = json.JSONDecoder(strict=False)
_BEGIN = re.compile(r"\s*\{\s*")
_COLON = re.compile(r"\s*:\s*")
_COMMA = re.compile(r"\s*,\s*")
_AFTER = re.compile(r"\s*[,}]")
_SCALAR = r'(?:"[^"\\]*"|-?\d[\d.eE+-]*|true|false|null)'


def member_at_an_end(body: bytes, name: str) -> Any:
    """Return the first member of that name at the object's begin, or one at its end.

    NOT_THERE does not tell that the object has none: values of any size may hide it.
    At the end it is found among numbers, words and plain strings, where it belongs to
    the outer object, and as an integer only.
    """
    found = _at_the_begin(body[:_HEAD].decode("utf-8", "replace"), name)
    if found is NOT_THERE:
        return _at_the_end(body[-_TAIL:].decode("utf-8", "replace"), name)
    return found


def _at_the_begin(text: str, name: str) -> Any:
    try:
        at = _past(_BEGIN, text, 0)
        while True:
            key, at = _DECODER.raw_decode(text, at)
            value, at = _DECODER.raw_decode(text, _past(_COLON, text, at))
            _past(_AFTER, text, at)  # else a number may be cut
            if key == name:
                return value
            at = _past(_COMMA, text, at)
    except (ValueError, RecursionError):
        return NOT_THERE


def _at_the_end(text: str, name: str) -> Any:
    # In a string the quotes around the name would have backslashes before them.
    others = rf'(?:,\s*"\w*"\s*:\s*{_SCALAR}\s*)*'
    pattern = rf',\s*"{re.escape(name)}"\s*:\s*(-?\d{{1,18}})\s*{others}\}}\s*\Z'
    match = re.search(pattern, text)
    return int(match[1]) if match else NOT_THERE


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    if match is None:
        raise ValueError
    return match.end()
