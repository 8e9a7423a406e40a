"""Files that prove whose domain this is, as WeChat's consoles give them."""

from __future__ import annotations

from pathlib import Path

from management.failure import Failure
from runtime.registry.rules import LONGEST


def read_proofs(given: list[str]) -> dict[str, str]:
    """Return the texts by file name; each is given as a file, or as NAME=TEXT."""
    return dict(map(_proof, given))


def _proof(given: str) -> tuple[str, str]:
    name, separator, text = given.partition("=")
    if separator:
        return name, text
    file = Path(given)
    try:
        with file.open("rb") as stream:
            content = stream.read(LONGEST + 3)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.") from None
    return file.name, content.decode("latin-1")
