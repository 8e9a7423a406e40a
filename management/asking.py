"""Secrets: asked for at a terminal or read from stdin, never from the command line."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace

from management.failure import Failure

_PROMPTS = {
    "secret": "AppSecret: ",
    "token": "Token of pushes: ",
    "encoding_aes_key": "EncodingAESKey of pushes: ",
}


def asked_for(options: Namespace) -> dict[str, str]:
    """Return the secrets that the command needs, in the order in which it asks."""
    names = ["secret"] if getattr(options, "asks_secret", False) else []
    if getattr(options, "asks_push", False):
        names += ["token", "encoding_aes_key"]
    from_stdin = getattr(options, "secret_stdin", False)
    if names and not from_stdin and not _at_terminal():
        raise Failure("A secret is asked for at a terminal, or give --secret-stdin.")
    return {name: _one(name, from_stdin=from_stdin) for name in names}


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _one(name: str, *, from_stdin: bool) -> str:
    if not from_stdin:
        return getpass.getpass(_PROMPTS[name]).strip()
    line = sys.stdin.readline()
    if not line:
        raise Failure(f"stdin ended before the {_PROMPTS[name].partition(':')[0]}.")
    return line.strip()
