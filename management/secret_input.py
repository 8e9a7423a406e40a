"""Input of secrets: from a terminal or from stdin, never from the command line."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace

from management.failure import Failure

_ASKED = (
    *("asks_secret", "asks_push", "asks_token", "asks_aes_key"),
    *("token_stdin", "secret_stdin", "asks_url", "asks_signing"),
)

_PROMPTS = {
    "url": "URL of the webhook: ",
    "signing": "Secret of the webhook: ",
    "secret": "AppSecret: ",
    "token": "Token of pushes: ",
    "encoding_aes_key": "EncodingAESKey of pushes: ",
}

_FIELDS = {"signing": "secret"}
"""Fields that are named otherwise than what is asked for."""


def read_secrets(options: Namespace) -> dict[str, str]:
    """Return the secrets that the command needs, read in a fixed order."""
    asked = {name for name in _ASKED if getattr(options, name, False)}
    # An account that a component acts for has no secret here.
    has_secret = getattr(options, "kind", None) != "authorized"
    names = ["secret"] if "asks_secret" in asked and has_secret else []
    names += ["token"] if asked & {"asks_push", "asks_token", "token_stdin"} else []
    names += ["encoding_aes_key"] if asked & {"asks_push", "asks_aes_key"} else []
    names += ["url"] if "asks_url" in asked else []
    names += ["signing"] if "asks_signing" in asked else []
    from_stdin = bool(asked & {"token_stdin", "secret_stdin"})
    if names and not from_stdin and not sys.stdin.isatty():
        raise Failure("A secret is asked for at a terminal, or give --secret-stdin.")
    return {
        _FIELDS.get(name, name): _read(name, from_stdin=from_stdin) for name in names
    }


def _read(name: str, *, from_stdin: bool) -> str:
    if not from_stdin:
        return getpass.getpass(_PROMPTS[name]).strip()
    line = sys.stdin.readline()
    if not line:
        raise Failure(f"stdin ended before the {_PROMPTS[name].partition(':')[0]}.")
    return line.strip()
