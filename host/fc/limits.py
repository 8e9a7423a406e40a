"""FC's limits on a request and its answer, in bytes."""

from __future__ import annotations

from collections.abc import Iterable

from host.fc.answer import Answer, InvalidResponse
from host.fc.refusals import Refusal

HEADERS = 8 * 1024
ADDRESS = 4 * 1024
BODY = 32 * 1024 * 1024
ANSWER = 6 * 1024 * 1024


def check_head(uri: str, headers: Iterable[tuple[str, str]]) -> None:
    """Refuse an address or headers longer than FC passes on."""
    if len(uri) > ADDRESS:
        raise _too_long("path and query", ADDRESS)
    if sum(len(name) + len(value) for name, value in headers) > HEADERS:
        raise _too_long("headers", HEADERS)


def check_body(size: int) -> None:
    """Refuse a body larger than FC passes on."""
    if size > BODY:
        raise _too_long("body", BODY)


def check_answer(answer: Answer) -> None:
    """Raise InvalidResponse for an answer larger than FC carries."""
    if len(answer.body) > ANSWER:
        raise InvalidResponse(f"the answer is larger than {ANSWER} bytes")


def _too_long(what: str, limit: int) -> Refusal:
    return Refusal(400, "InvalidArgument", f"{what}: more than {limit} bytes")
