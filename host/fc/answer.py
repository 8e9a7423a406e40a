"""Answer of a handler, by the rules of FC 2.0's Python runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Headers = tuple[tuple[str, str], ...]
Handler = Callable[[dict[str, Any], Callable[..., Any]], Any]

# FC sets these itself and drops a function's values.
_RESERVED = frozenset({"connection", "content-length", "date", "keep-alive", "server"})


class InvalidResponse(Exception):
    """FC does not accept the handler's answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the caller; header names keep their case."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


class _Start:
    """The `start_response` of a handler; the last of several calls wins."""

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
    """Call the handler and return its answer; InvalidResponse if FC accepts none.

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
    code = str(text).partition(" ")[0]  # "404" without a reason is accepted
    if not (code.isdecimal() and 200 <= int(code) <= 599):
        raise InvalidResponse("the status is not an HTTP status")
    return int(code)


def _headers(pairs: list[tuple[str, str]]) -> Headers:
    # FC keeps a map of lists: repeated headers are kept, at the place of the first.
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
        or not value.isascii()  # FC's JSON loses it
    )


def _body(result: Any) -> bytes:
    if isinstance(result, list) and len(result) == 1 and type(result[0]) is bytes:
        return result[0]  # the usual case, without a copy
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
