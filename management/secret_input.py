"""Input of secrets: from a terminal or from stdin, never from the command line."""

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


def read_secrets(options: Namespace) -> dict[str, str]:
    """Return the secrets that the command needs, read in a fixed order."""
    # An account that a component acts for has no secret here.
    has_secret = getattr(options, "kind", None) != "authorized"
    asks = getattr(options, "asks_secret", False) and has_secret
    names = ["secret"] if asks else []
    if getattr(options, "asks_push", False):
        names += ["token", "encoding_aes_key"]
    from_stdin = getattr(options, "secret_stdin", False)
    if names and not from_stdin and not sys.stdin.isatty():
        raise Failure("A secret is asked for at a terminal, or give --secret-stdin.")
    return {name: _read(name, from_stdin=from_stdin) for name in names}


def _read(name: str, *, from_stdin: bool) -> str:
    if not from_stdin:
        return getpass.getpass(_PROMPTS[name]).strip()
    line = sys.stdin.readline()
    if not line:
        raise Failure(f"stdin ended before the {_PROMPTS[name].partition(':')[0]}.")
    return line.strip()
