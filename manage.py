"""Command line of an operator; without arguments it lists the commands."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from management.audit_export import export_audit
from management.check_waiting import SECONDS, check_app
from management.endpoint import Endpoint
from management.failure import Failure, Refused
from management.files import STDOUT, read_export, write_export
from management.option_names import with_options
from management.parser import FUNCTION, SERVICE, arguments_of, parse
from management.secret_input import read_secrets
from management.tables import table


class Performer(Protocol):
    """The performer of a command: this process, or the function admin."""

    def perform(
        self, noun: str, verb: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]: ...


def main(words: list[str]) -> int:
    """Run one command; return 0, or 1 if it failed or found faults."""
    logging.getLogger().addHandler(logging.NullHandler())  # stderr has one sentence
    options = parse(words)
    if options is None:
        return 0
    try:
        answer = _run(options)
    except Failure as failure:
        print(f"manage.py: {_sentence(failure, options)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    as_json = json.dumps(answer, ensure_ascii=False, indent=1)
    stream = sys.stderr if getattr(options, "file", "") == STDOUT else sys.stdout
    try:
        text = as_json if hasattr(options, "json") else table(answer)
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough, such as `head`; the interpreter's own flush at
        # its end would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if any(map(answer.get, ("faults", "unreadable", "audit"))) else 0


def _run(options: Namespace) -> dict[str, Any]:
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
    arguments.update(read_secrets(options, check=check))
    if verb == ("app", "check"):
        return check_app(
            partial(performer.perform, *verb),
            arguments,
            seconds=getattr(options, "seconds", SECONDS),
            tell=partial(_tell, options),
        )
    if verb == ("push", "listen"):
        return _listen(options, performer, arguments)
    return performer.perform(*verb, arguments)


def _sentence(failure: Failure, options: Namespace) -> str:
    is_of_field = isinstance(failure, Refused) and failure.code == "invalid_document"
    return with_options(str(failure), options.option_names if is_of_field else {})


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
    options: Namespace, performer: Performer, arguments: dict[str, Any]
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
        tell=partial(_tell, options),
        replies=arguments.get("reply", False),
        seconds=getattr(options, "seconds", float("inf")),
    )


def _tell(options: Namespace, answer: Mapping[str, Any]) -> None:
    """Print what an operator sees before the answer; a program gets that alone."""
    if not hasattr(options, "json"):
        print(table(answer), flush=True)


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
