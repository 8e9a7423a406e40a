"""Command line of an operator; without arguments it lists the commands."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Protocol

from management.audit_export import export_audit
from management.check_waiting import SECONDS, check_app
from management.endpoint import Endpoint
from management.failure import Failure, Refused
from management.files import STDOUT, read_export, write_export
from management.next_steps import FOR_TABLES, next_steps
from management.option_names import with_options
from management.parser import FUNCTION, SERVICE, arguments_of, parse
from management.secret_input import read_secrets
from management.tables import Screen, table
from management.words import ENGLISH, N_, Words, language_of, words_of


class Performer(Protocol):
    """The performer of a command: this process, or the function admin."""

    def perform(
        self, noun: str, verb: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]: ...


def main(given: list[str]) -> int:
    """Run one command; return 0, or 1 if it failed or found faults."""
    logging.getLogger().addHandler(logging.NullHandler())  # stderr has one sentence
    words = _words()
    try:
        try:
            return _command(given, words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, such as `head`; the interpreter's own flush at
        # its end would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _words() -> Words:
    """Return the words of the locale, if the terminal has the characters for them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    language = language_of(os.environ)
    return words_of(language) if can_show("中文") else ENGLISH


def can_show(text: str) -> bool:
    """Tell whether the output's encoding has all characters of a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _command(given: list[str], words: Words) -> int:
    options = parse(given, words)
    if options is None:
        return 0
    # Of a pipe as well: COLUMNS, or 80.
    columns = shutil.get_terminal_size().columns
    screen = Screen(columns, words, wide=hasattr(options, "wide"))
    try:
        answer = _run(options, screen)
    except Failure as failure:
        print(f"manage.py: {_sentence(failure, options, words)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    stream = sys.stderr if getattr(options, "file", "") == STDOUT else sys.stdout
    if hasattr(options, "json"):
        if (options.noun, options.verb) == ("app", "add"):
            answer = {k: v for k, v in answer.items() if k not in FOR_TABLES}
        text = json.dumps(answer, ensure_ascii=False, indent=1)
        text = text if can_show(text) else json.dumps(answer, indent=1)
    else:
        text = _shown(options, answer, screen)
    print(text, file=stream, flush=True)
    return 1 if any(map(answer.get, ("faults", "unreadable", "audit"))) else 0


def _shown(options: Namespace, answer: Mapping[str, Any], screen: Screen) -> str:
    """Return the answer for people, with what they do next."""
    verb, endpoint = (options.noun, options.verb), getattr(options, "endpoint", "")
    steps = next_steps(verb, answer, screen, endpoint=endpoint)
    # The steps have the URL of the gateway.
    fields = {k: v for k, v in answer.items() if not (steps and k in _OF_STEPS)}
    return "\n\n".join(filter(None, (table(fields, screen), steps)))


_OF_STEPS = ("issuer", *FOR_TABLES)


def _run(options: Namespace, screen: Screen) -> dict[str, Any]:
    arguments = arguments_of(options)
    verb = options.noun, options.verb
    if verb == ("store", "import"):
        content = read_export(Path(options.file))
        _taken(content, "over", "readable", "missing")  # options, and no content
        arguments = {**content, **arguments}
    if verb == ("store", "export"):
        return _export(options, arguments)
    if verb == ("audit", "export"):
        file = Path(options.file)
        perform = partial(_performer(options).perform, *verb)
        return export_audit(perform, arguments, file=file, now=time.time())
    performer = _performer(options)
    check = partial(_check_first, performer, options, arguments)
    arguments.update(read_secrets(options, check=check, words=screen.words))
    if verb == ("app", "check"):
        return check_app(
            partial(performer.perform, *verb),
            arguments,
            seconds=getattr(options, "seconds", SECONDS),
            tell=partial(_tell, options, screen),
        )
    if verb == ("push", "listen"):
        return _listen(options, performer, arguments, screen)
    return performer.perform(*verb, arguments)


def _sentence(failure: Failure, options: Namespace, words: Words) -> str:
    if not (isinstance(failure, Refused) and failure.code == "invalid_document"):
        return words(str(failure))
    field, _, fault = str(failure).rstrip(".").partition(" ")
    names = options.option_names
    fault = with_options(words(fault), names)
    return words.filled(N_("{1} {2}."), words(names.get(field, field)), fault)


def _check_first(
    performer: Performer,
    options: Namespace,
    arguments: Mapping[str, Any],
    stand_ins: Mapping[str, str],
) -> None:
    """Fail if the command would fail whatever secret its operator types."""
    verb = options.noun, options.verb
    if verb == ("push", "listen"):
        from management.push_listening import check_target

        check_target(options.forward_to)
        performer.perform("app", "show", {"appid": arguments["appid"]})
        return
    try:
        performer.perform(*verb, {**arguments, **stand_ins, "dry_run": True})
    except Refused as refused:
        # A gateway of before knows no trial: it refuses the argument, and does nothing.
        if "dry_run" not in str(refused):
            raise


def _listen(
    options: Namespace,
    performer: Performer,
    arguments: dict[str, Any],
    screen: Screen,
) -> dict[str, Any]:
    from management.push_listening import Forwarder, listen

    forwarder = Forwarder(
        options.forward_to,
        appid=arguments["appid"],
        token=arguments.pop("token", ""),
        aes_key=arguments.pop("encoding_aes_key", ""),
    )
    return listen(
        partial(performer.perform, "push", "listen"),
        {name: v for name, v in arguments.items() if name != "reply"},
        forwarder,
        tell=partial(_tell, options, screen),
        replies=arguments.get("reply", False),
        seconds=getattr(options, "seconds", float("inf")),
    )


def _tell(options: Namespace, screen: Screen, answer: Mapping[str, Any]) -> None:
    """Print what an operator sees before the answer; a program gets that alone."""
    if not hasattr(options, "json"):
        print(table(answer, screen), flush=True)


def _performer(options: Namespace) -> Performer:
    if hasattr(options, "endpoint"):
        service = getattr(options, "service", SERVICE)
        function = getattr(options, "function", FUNCTION)
        return Endpoint(
            options.endpoint, service=service, function=function, environ=os.environ
        )
    from management.offline import Offline  # --endpoint needs no runtime

    return Offline(os.environ)


def _export(options: Namespace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if not hasattr(options, "with_secrets"):
        content = _performer(options).perform("store", "export", arguments)
    elif hasattr(options, "endpoint") or "copies" in arguments:
        raise Failure("--with-secrets works without --endpoint and --copies only.")
    else:
        from management.offline import Offline

        content = Offline(os.environ).with_secrets(arguments)
    rest = _taken(content, "audit", "warnings")
    write_export(options.file, content)
    documents = len(content["documents"])
    exported = {
        "file": options.file,
        "documents": documents,
        "sealed": content["sealed"],
    }
    names = ("not_opened", "unreadable")
    left = {name: content[name] for name in names if name in content}
    return {**exported, **left, **rest}


def _taken(content: dict[str, Any], *names: str) -> dict[str, Any]:
    """Remove these fields, and return those that were there."""
    return {name: content.pop(name) for name in names if name in content}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
