"""Input of secrets: from a terminal or from stdin, never from the command line."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from management.failure import Failure
from management.words import N_, Words

_ASKED = (
    *("asks_secret", "asks_push", "asks_token", "asks_aes_key"),
    *("token_stdin", "secret_stdin", "asks_url", "asks_signing"),
)


_ROBOTS = "robots."


class Secret(NamedTuple):
    """A secret that is asked for: its field, its name for people, and a stand-in.

    The stand-in is valid, and goes in its place where a command is only tried.
    """

    field: str
    label: str
    stand_in: str


_SECRETS = {
    "secret": Secret("secret", N_("AppSecret"), "0" * 32),
    "token": Secret("token", "Token of pushes", "token"),
    "encoding_aes_key": Secret(
        "encoding_aes_key", "EncodingAESKey of pushes", "A" * 43
    ),
    # No name below .invalid is anybody's (RFC 2606).
    "url": Secret("url", "URL of the webhook", "https://webhook.invalid/"),
    "signing": Secret("secret", "Secret of the webhook", f"whsec_{'A' * 32}"),
}


def secrets_of(options: Namespace) -> list[Secret]:
    """Return the secrets that the command needs, in the order in which it asks."""
    asked = {name for name in _ASKED if getattr(options, name, False)}
    # An account that a component acts for has no secret here.
    has_secret = getattr(options, "kind", None) != "authorized"
    names = ["secret"] if "asks_secret" in asked and has_secret else []
    names += ["token"] if asked & {"asks_push", "asks_token", "token_stdin"} else []
    names += ["encoding_aes_key"] if asked & {"asks_push", "asks_aes_key"} else []
    names += ["url"] if "asks_url" in asked else []
    names += ["signing"] if "asks_signing" in asked else []
    return [_SECRETS[name] for name in names] + [
        Secret(f"{_ROBOTS}{robot}", f"Webhook key of {robot}", "0" * 36)
        for robot in getattr(options, "robots", ())
    ]


def read_secrets(
    options: Namespace,
    *,
    check: Callable[[dict[str, Any]], object],
    words: Words,
) -> dict[str, Any]:
    """Return the secrets that the command needs, by field, read in a fixed order.

    Before somebody types one, `check` gets stand-ins for them: it fails if the command
    would fail whatever is typed.
    """
    wanted = secrets_of(options)
    from_stdin = any(
        getattr(options, name, False) for name in ("token_stdin", "secret_stdin")
    )
    if wanted and not from_stdin:
        check(_fields({each.field: each.stand_in for each in wanted}))
        if not sys.stdin.isatty():
            raise Failure(
                "A secret is asked for at a terminal, or give --secret-stdin."
            )
    return _fields(
        {each.field: _read(words(each.label), from_stdin=from_stdin) for each in wanted}
    )


def _fields(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what is read as fields of a document: keys of robots make a list."""
    robots = [
        {"name": name.removeprefix(_ROBOTS), "key": key}
        for name, key in given.items()
        if name.startswith(_ROBOTS)
    ]
    rest = {n: value for n, value in given.items() if not n.startswith(_ROBOTS)}
    return {**rest, **({"robots": robots} if robots else {})}


def _read(label: str, *, from_stdin: bool) -> str:
    if not from_stdin:
        return getpass.getpass(f"{label}: ").strip()
    line = sys.stdin.readline()
    if not line:
        raise Failure(f"stdin ended before the {label}.")
    return line.strip()
