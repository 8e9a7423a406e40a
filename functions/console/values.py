"""Values of documents and commands, and names of operators, as a page shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from functions.console.sections import Cell
from functions.console.time_formats import Words
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.refusals import UnreadableDocument

LONGEST = 300
"""Characters of one value in a row of a table; the rest is cut off."""

YES, NO = N_("yes"), N_("no")


def text_of(value: Any, words: Words) -> str:
    """Return a value as text: a list with commas, an object as `name: value`."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return words(YES) if value else words(NO)
    if isinstance(value, str):
        return without_query(value)
    if isinstance(value, Mapping):
        pairs = (f"{name}: {text_of(each, words)}" for name, each in value.items())
        return "; ".join(pairs)
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(each, words) for each in value)
    return str(value)


def without_query(text: str) -> str:
    """Return a URL without its query, in which some services take a secret."""
    path, mark, _ = text.partition("?")
    return f"{path}?…" if mark and "://" in path else text


def cell_of(value: Any, words: Words, *, longest: int = LONGEST) -> Cell:
    """Return a value as a cell."""
    text = text_of(value, words)
    cut = text if len(text) <= longest else f"{text[:longest]} …"
    return Cell(cut)


def facts_of(
    fields: Mapping[str, Any], words: Words, *, without: Sequence[str] = ()
) -> list[tuple[str, Sequence[Cell]]]:
    """Return fields by their own names, as the documentation and manage.py have them.

    Of an object each value is a line of its own.
    """
    pairs: list[tuple[str, Sequence[Cell]]] = []
    for name, value in fields.items():
        if name in without or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            pairs += [
                (f"{name} {part}", [cell_of(each, words, longest=2000)])
                for part, each in value.items()
            ]
        else:
            pairs.append((name, [cell_of(value, words, longest=2000)]))
    return pairs


def short(text: str) -> str:
    """Return a text with the hashes of users' subs cut to what tells them apart."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", text)


def who_of(gateway: Gateway, who: Any) -> tuple[str, str]:
    """Return the words for an operator, and the address of the page, if there is one.

    Who acted in the console stands in the log by the id of the user's document.
    """
    text = str(who)
    if not re.fullmatch("[0-9a-f]{64}", text):
        return text, ""
    try:
        user = gateway.registry.known_user_by_id(text)
    except UnreadableDocument:
        return text[:12], f"/console/documents/people/{text}"
    url = f"/console/people/{text}" if user else ""
    return (user.name or text[:12]) if user else text[:12], url


def json_of(value: Any) -> str:
    """Return a value as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
