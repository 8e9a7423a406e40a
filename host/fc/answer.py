"""What a handler answers, by the rules of FC 2.0's Python runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Headers = tuple[tuple[str, str], ...]
Handler = Callable[[dict[str, Any], Callable[..., Any]], Any]

# FC sets these itself; what a function says is dropped.
_RESERVED = frozenset({"connection", "content-length", "date", "keep-alive", "server"})


class InvalidResponse(Exception):
    """The handler answered what FC does not take; the message says what."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes to the caller; header names keep their case."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


class _Start:
    """The `start_response` that a handler is given; called twice, the last wins."""

    __slots__ = ("headers", "status", "written")

    def __init__(self) -> None:
        self.status: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        self.status = status
        self.headers = headers
        return self.written.append


def answer_of(handler: Handler, environ: dict[str, Any]) -> Answer:
    """Call the handler and return its answer; InvalidResponse where FC has none.

    The body is collected whole, and `close()` of an iterable is never called.
    """
    start = _Start()
    body = _body(handler(environ, start))
    if start.status is None:
        raise InvalidResponse("start_response was never called")
    if start.written:
        body = b"".join(start.written) + body
    return Answer(_status(start.status), _headers(start.headers), body)


def _status(text: str) -> int:
    code = str(text).partition(" ")[0]  # "404" without a reason will do
    if not (code.isdecimal() and 200 <= int(code) <= 599):
        raise InvalidResponse("the status is no HTTP status")
    return int(code)


def _headers(pairs: list[tuple[str, str]]) -> Headers:
    # A map of lists: repeated names stay apart, but move to where the first stood.
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        _check_text(name, value)
        if not _is_reserved(name.lower(), value):
            values.setdefault(name, []).append(value)
    return tuple((name, value) for name in values for value in values[name])


def _check_text(*texts: Any) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise InvalidResponse("a header is not text")
        if not (text.isprintable() or text.replace("\t", " ").isprintable()):
            raise InvalidResponse("a header holds control characters")


def _is_reserved(name: str, value: str) -> bool:
    return (
        name in _RESERVED
        or name.startswith("x-fc-")
        or (name == "content-disposition" and value.startswith("attachment"))
        or not value.isascii()  # lost on the way through FC's JSON
    )


def _body(result: Any) -> bytes:
    if isinstance(result, list) and len(result) == 1 and type(result[0]) is bytes:
        return result[0]  # what nearly every handler returns, and no copy
    if isinstance(result, (str, bytes)):
        return _encoded(result)
    try:
        return b"".join(map(_encoded, result))
    except TypeError:
        raise InvalidResponse(
            f"invalid response type {type(result).__name__}"
        ) from None


def _encoded(part: Any) -> bytes:
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, bytes):
        return part
    raise InvalidResponse(f"invalid response type {type(part).__name__}")
