"""Form of a command's help: in one language, within the width of the terminal."""

from __future__ import annotations

import argparse
from typing import Any

from management.text_width import wrapped
from management.words import N_, Words

ARGPARSE = (
    *(N_("usage:"), N_("options:"), N_("error:"), N_("commands:")),
    *("positional arguments:", "show this help message and exit"),
    "the following arguments are required: {1}",
    *("argument {1}: {2}", "expected one argument", "expected at least one argument"),
    *("ignored explicit argument ***", "not allowed with argument {1}"),
    *("invalid int value: ***", "invalid float value: ***"),
    "invalid choice: *** (choose from {1})",
)
"""What argparse says, as far as this command line lets it come to that."""


def opening(word: str) -> str:
    """Return the word with which a line begins, apart from what follows."""
    return f"{word} " if word.endswith(":") else word


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """A formatter that translates, and counts the columns of wide characters."""

    def __init__(self, *args: Any, language: Words, **more: Any) -> None:
        super().__init__(*args, **more)
        self._language = language

    def add_usage(
        self, usage: Any, actions: Any, groups: Any, prefix: Any = None
    ) -> None:
        """Begin with the language's own word."""
        super().add_usage(usage, actions, groups, opening(self._language("usage:")))

    def start_section(self, heading: str | None) -> None:
        """Begin a group of arguments."""
        # argparse adds the colon.
        known = self._language(f"{heading}:")
        text = known.rstrip(":：") if heading else ""
        super().start_section(self._language(text) or None)

    def add_text(self, text: str | None) -> None:
        """Add a description."""
        super().add_text(self._language(text) if text else text)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(self._language(" ".join(text.split())), width)
