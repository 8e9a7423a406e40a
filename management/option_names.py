"""Names of options in place of fields, in what an operation says of its arguments.

The table is made of the command's own parser.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

from management.secret_input import secrets_of

_WORD = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z]+)*(?![\w/-]|\.\w)")
"""A field's name that is no part of a path, a host or an option."""

_CLAUSE = re.compile(r"(?:since|unless|因为|因為|除非) $")
"""What stands before a field, such as `kind`, that is a word of the language, too."""


def option_names(
    actions: list[argparse.Action], options: argparse.Namespace
) -> dict[str, str]:
    """Return how the operator has given each field: an option, or a word's place.

    An action with `fields` sets these, and any other one the field of its `dest`. What
    is asked for has the name by which it is asked for.
    """
    names: dict[str, list[str]] = {}
    for action in actions:
        longest = max(action.option_strings, key=len, default=str(action.metavar))
        shown = longest.replace("--no-", "--")
        for field in getattr(action, "fields", (action.dest,)):
            names.setdefault(field, []).append(shown)
    asked = {each.field: each.label for each in secrets_of(options)}
    return {field: "/".join(shown) for field, shown in names.items()} | asked


def with_options(message: str, names: Mapping[str, str]) -> str:
    """Return what is said of a field, with the names of options for other fields.

    A word that is no word of the language besides, such as `js_domains`, is a field.
    """

    def option(found: re.Match[str]) -> str:
        word, before = found[0], message[: found.start()]
        is_field = "_" in word or _CLAUSE.search(before)
        return names.get(word, word) if is_field else word

    return _WORD.sub(option, message)
