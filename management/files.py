"""File of an export: a new file that its owner alone can read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from management.failure import Failure

STDOUT = "-"
"""Stands for stdout in place of a file; stdin where a file is read."""


def write_export(file: str, content: Any) -> None:
    """Write the export to a new file with mode 0600, or to stdout."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    if file == STDOUT:
        print(text, flush=True)
        return
    with private_file(Path(file)) as stream:
        stream.write(text)


def private_file(file: Path) -> TextIO:
    """Return a new file with mode 0600, open for writing; Failure."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(f"{file} cannot be made: {error.strerror}.") from None
    return os.fdopen(descriptor, "w", encoding="utf-8")


def read_export(file: Path) -> dict[str, Any]:
    """Return the content of an export."""
    try:
        of_stdin = str(file) == STDOUT
        text = sys.stdin.read() if of_stdin else file.read_text("utf-8")
        content = json.loads(text)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Failure(f"{file} is no export.") from None
    if not isinstance(content, dict):
        raise Failure(f"{file} is no export.")
    return content
