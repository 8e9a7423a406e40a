"""Parser of the command line: noun, verb, and arguments named as in JSON."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from management.commands import COMMANDS, UNRECORDED
from management.failure import Failure
from management.help_format import HelpFormatter, opening
from management.logo_file import read_logo
from management.option_names import option_names
from management.proof_files import read_proofs
from management.words import ENGLISH, Words
from runtime.version import version

SERVICE, FUNCTION = "wechat_gateway", "admin"
"""Names in template.yml of the function that --endpoint calls."""

_NOT_FIELDS = (
    *(
        "noun",
        "verb",
        "json",
        "wide",
        "endpoint",
        "service",
        "function",
        "secret_stdin",
    ),
    *("asks_secret", "asks_push", "scopes_by_app", "file", "with_secrets", "document"),
    *("third", "asks_token", "asks_aes_key", "token_stdin", "seconds"),
    *("forward_to", "asks_url", "asks_signing", "option_names"),
)

_PROGRAM = "python manage.py"

# A word of this form in a command's place is shown again: no secret looks like it.
_MISTYPED = re.compile(
    r"argument (?:noun|verb|third): invalid choice: '([a-z-]{1,16})' "
    r"\(choose from (.*)\)"
)

_QUOTED = re.compile(r"(explicit argument|choice:|value:) (?:'[^']*'|\"[^\"]*\")")


class Parser(argparse.ArgumentParser):
    """A parser whose errors repeat no argument, since it may be a secret."""

    def __init__(self, *, language: Words, **more: Any) -> None:
        more.setdefault("formatter_class", partial(HelpFormatter, language=language))
        super().__init__(allow_abbrev=False, argument_default=argparse.SUPPRESS, **more)
        self._language = language

    def error(self, message: str) -> NoReturn:
        """Exit with 2; repeat only what is mistyped in a command's place."""
        if match := _MISTYPED.fullmatch(message):
            choices = [each.strip("' ") for each in match[2].split(",")]
            message = self._language.filled("no such word: {1}", match[1])
            self.refuse(message + self.meant(match[1], choices))
        self.refuse(self._language(_QUOTED.sub(r"\1 ***", message)))

    def refuse(self, message: str) -> NoReturn:
        """Exit with 2 and this sentence, which is in the language of the command."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {opening(self._language('error:'))}{message}\n")

    def refuse_words(self, unknown: Iterable[str]) -> NoReturn:
        """Exit with 2, and name the options alone: another word may be a secret."""
        given = (word.partition("=")[0] for word in unknown)
        options = [
            word + self.meant(word, self.long_options())
            for word in given
            if re.fullmatch("--[a-z-]{1,32}", word)
        ]
        named = ", ".join(options) or self._language("a word too many")
        self.refuse(self._language.filled("not understood: {1}", named))

    def meant(self, word: str, choices: Iterable[str]) -> str:
        """Return what is added to the refusal of a word."""
        choices, language = list(choices), self._language
        if close := get_close_matches(word, choices, n=1):
            return f" {language.filled('(did you mean {1}?)', close[0])}"
        if word.startswith("--"):
            return ""
        return f" {language.filled('(choose from {1})', ', '.join(choices))}"

    def actions(self) -> list[argparse.Action]:
        """Return what the options and the words of the command do."""
        return self._actions

    def long_options(self) -> list[str]:
        """Return the options that begin with two hyphens."""
        return [each for each in self._option_string_actions if each[:2] == "--"]


def parse(words: list[str], language: Words = ENGLISH) -> argparse.Namespace | None:
    """Return the command; without one, print all commands and return None."""
    parser, commands = _parser(language)
    if words[:1] in (["status"], ["calls"]) and words[1:2] != ["show"]:
        words = [words[0], "show", *words[1:]]  # its only verb
    options, unknown = parser.parse_known_args(words)
    if command := commands.get(_command_of(options)):
        unknown = _late_words(command, options, unknown)
    if unknown:
        commands.get(_command_of(options), parser).refuse_words(unknown)
    if not hasattr(options, "verb"):
        parser.print_help()
        return None
    command = commands[_command_of(options)]
    if hasattr(options, "third"):  # as in the admin function's path
        options.verb = f"{options.verb}-{options.third}"
    options.option_names = option_names(command.actions(), options)
    return options


def arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of the command, without secrets."""
    given = {name: v for name, v in vars(options).items() if name not in _NOT_FIELDS}
    scopes = getattr(options, "scopes_by_app", None)
    if scopes and not scopes.by_app:
        raise Failure("--scope needs an --app.")
    for name in ("logo", "favicon"):
        if name in given:
            given[name] = read_logo(Path(given[name]))
    if "domain_proofs" in given:
        given["domain_proofs"] = read_proofs(given["domain_proofs"])
    return {**given, "scopes": scopes.by_app} if scopes else given


def _command_of(options: argparse.Namespace) -> tuple[str, ...]:
    names = (getattr(options, each, "") for each in ("noun", "verb", "third"))
    return tuple(name for name in names if name)


def _late_words(
    command: Parser, options: argparse.Namespace, unknown: list[str]
) -> list[str]:
    """Take words behind an option for those of a list that argparse ends before it."""
    listed = [
        each.dest
        for each in command.actions()
        if each.nargs == "*" and not each.option_strings
    ]
    if not listed or any(word.startswith("-") for word in unknown):
        return unknown
    setattr(options, listed[0], [*getattr(options, listed[0], ()), *unknown])
    return []


def _parser(language: Words) -> tuple[Parser, dict[tuple[str, ...], Parser]]:
    """Return the parser, and that of each command."""
    parser = Parser(
        prog=_PROGRAM,
        usage=f"{_PROGRAM} NOUN VERB ... [--json] [--endpoint URL]",
        description=_list_of_commands(language),
        epilog=f"{_PROGRAM} NOUN VERB --help lists the arguments of a command.",
        language=language,
    )
    message = "print the version and its commit"
    parser.add_argument("--version", action="version", version=version(), help=message)
    _common(parser)
    of_words: dict[tuple[str, ...], Any] = {
        (): parser.add_subparsers(dest="noun", help=argparse.SUPPRESS)
    }
    commands: dict[tuple[str, ...], Parser] = {}
    for (noun, verb), (summary, define) in COMMANDS.items():
        command = (noun, *verb.split())
        first, last = command[:-1], command[-1]
        for count, dest in enumerate(("verb", "third")[: len(first)], 1):
            words = first[:count]
            if words not in of_words:
                made = of_words[words[:-1]].add_parser(
                    words[-1], prog=_prog(words), language=language
                )
                of_words[words] = made.add_subparsers(dest=dest, required=True)
        of_verb = of_words[first]
        one = of_verb.add_parser(
            last,
            prog=_prog(command),
            description=summary,
            help=summary,
            language=language,
        )
        define(one)
        common = _common(one)
        if (noun, verb) not in UNRECORDED:
            why = "why, for the audit log and document history"
            common.add_argument("--reason", metavar="TEXT", help=why)
        commands[command] = one
    return parser, commands


def _prog(words: Iterable[str]) -> str:
    return " ".join((_PROGRAM, *words))


def _common(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("options of every command")
    add = group.add_argument
    add("--json", action="store_true", help="print JSON instead of a table")
    wide = "show every column of a table, and wrap no text"
    add("--wide", action="store_true", help=wide)
    stdin = "read secrets from stdin, one per line"
    add("--secret-stdin", action="store_true", help=stdin)
    add(
        "--endpoint",
        metavar="URL",
        help="let the function admin at this URL do the work",
    )
    add(
        "--service",
        metavar="NAME",
        help=f"service of that function, by default {SERVICE}",
    )
    add(
        "--function",
        metavar="NAME",
        help=f"name of that function, by default {FUNCTION}",
    )
    return group


def _list_of_commands(language: Words) -> str:
    verbs = (
        (f"{noun} {verb}", summary) for (noun, verb), (summary, _) in COMMANDS.items()
    )
    lines = (f"  {verb:<21} {language(summary)}" for verb, summary in verbs)
    return "\n".join([language("commands:"), *lines])
