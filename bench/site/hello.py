"""A function that does nothing, for every server that is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HELLO = b"hello"


def handler(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer a WSGI call."""
    length = str(len(HELLO))
    start_response(
        "200 OK", [("Content-Type", "text/plain"), ("Content-Length", length)]
    )
    return [HELLO]
