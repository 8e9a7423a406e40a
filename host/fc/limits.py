"""Limits of FC on a request, in bytes."""

from __future__ import annotations

from collections.abc import Iterable

from host.fc.refusals import Refusal

MAX_HEADERS = 8 * 1024
MAX_URI = 4 * 1024
MAX_BODY = 32 * 1024 * 1024


def check_head(uri: str, headers: Iterable[tuple[str, str]]) -> None:
    """Refuse a request target or headers longer than FC accepts."""
    if len(uri) > MAX_URI:
        raise _too_long("path and query", MAX_URI)
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
        raise _too_long("headers", MAX_HEADERS)


def check_body(size: int) -> None:
    """Refuse a body larger than FC accepts."""
    if size > MAX_BODY:
        raise _too_long("body", MAX_BODY)


def _too_long(what: str, limit: int) -> Refusal:
    return Refusal(400, "InvalidArgument", f"{what}: more than {limit} bytes")
