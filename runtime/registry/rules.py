"""What a field of a document may hold; a fault is said without the value.

A rule takes a value as JSON has it and returns it in the form that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runtime.registry.app_ids import APPID

Rule = Callable[[Any], Any]

_PATTERN = re.compile(r"/(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]*\*?|token:read")

LONGEST = 512
"""Characters of a text, whatever else a rule says."""


class Fault(Exception):
    """What is wrong with a value, in words that follow the field's name."""


def word(*words: str) -> Rule:
    """Return a rule that takes one of these words."""

    def rule(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Fault(f"must be {' or '.join(words)}")
        return value

    return rule


def text(pattern: str, says: str) -> Rule:
    """Return a rule that takes text of this pattern, matched whole."""

    def rule(value: Any) -> str:
        fits = isinstance(value, str) and len(value) <= LONGEST
        if not fits or not re.fullmatch(pattern, value):
            raise Fault(f"must be {says}")
        return str(value)

    return rule


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Fault("must be true or false")
    return value


def whole(least: int, most: int) -> Rule:
    """Return a rule that takes a whole number within these bounds."""

    def rule(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Fault(f"must be a whole number from {least} to {most}")
        return value

    return rule


def many(rule: Rule, *, least: int = 0, most: int = 100) -> Rule:
    """Return a rule that takes a list without repetition, each item by `rule`."""

    def each(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
            raise Fault(f"must be a list of {least} to {most}")
        kept = [_item(rule, place, item) for place, item in enumerate(value, 1)]
        if len(set(kept)) < len(kept):
            raise Fault("must not name one twice")
        return kept

    return each


def _item(rule: Rule, place: int, item: Any) -> Any:
    try:
        return rule(item)
    except Fault as fault:
        raise Fault(f"number {place} {fault}") from None


app_id = text(APPID, "wx and 16 hexadecimal digits")


def scope(value: Any) -> str:
    """Take a path pattern such as `/cgi-bin/message/*`, or the word token:read."""
    fits = isinstance(value, str) and len(value) <= 128 and _PATTERN.fullmatch(value)
    if not fits or ".." in value:
        raise Fault("must be a path, with * at its end alone, or token:read")
    return str(value)
