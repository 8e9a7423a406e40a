"""Answer of a handler, by the rules of FC 2.0's Python runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from runtime.web.stored_body import AWAITED, BODY

Headers = tuple[tuple[str, str], ...]
Handler = Callable[[dict[str, Any], Callable[..., Any]], Any]

MAX_ANSWER = 6 * 1024 * 1024

# FC sets these itself and drops a function's values; so does Tornado.
_RESERVED = frozenset({"connection", "content-length", "date", "keep-alive", "server"})


_BODY_IS_WANTED = "100 Continue"
"""The answer of a function that was called with AWAITED, and asks for the body."""

_TOO_LARGE = f"the answer is larger than {MAX_ANSWER} bytes"


class InvalidResponse(Exception):
    """FC does not accept the handler's answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the caller; header names keep their case.

    Without FC's limits the body may come in `parts`, of `length` bytes if it is known.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    parts: Iterator[bytes] | None = field(default=None, repr=False)
    length: int | None = None


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


def answer_of(
    handler: Handler, environ: dict[str, Any], *, fc_limits: bool = True
) -> Answer:
    """Call the handler and return its answer; InvalidResponse if it is none.

    With `fc_limits` that is what FC accepts: it collects the body whole, never calls
    `close()` of an iterable, and drops `Content-Disposition: attachment`; FC 3.0 takes
    one cookie. Without the limits the parts of an iterator are passed on as they
    come.
    """
    start = _Start()
    result = handler(environ, start)
    if start.status == _BODY_IS_WANTED and environ.get(BODY) == AWAITED:
        return Answer(100)
    if not fc_limits and isinstance(result, Iterator):
        return _in_parts(result, start)
    body = _body(result, most=MAX_ANSWER if fc_limits else None)
    if start.status is None:
        raise InvalidResponse("start_response was never called")
    if start.written:
        body = b"".join(start.written) + body
    if fc_limits and len(body) > MAX_ANSWER:
        raise InvalidResponse(_TOO_LARGE)
    headers = _headers(start.headers, fc_limits=fc_limits)
    return Answer(_status(start.status), headers, body)


def _in_parts(result: Iterator[Any], start: _Start) -> Answer:
    # A generator calls start_response when its first part is asked for.
    first = next(result, b"")
    if start.status is None:
        raise InvalidResponse("start_response was never called")
    headers = _headers(start.headers, fc_limits=False)
    named = {name.lower(): value for name, value in start.headers}
    length = named.get("content-length", "")
    return Answer(
        _status(start.status),
        headers,
        parts=_Parts([*start.written, first], result),
        length=int(length) if length.isdecimal() else None,
    )


class _Parts(Iterator[bytes]):
    """The first parts of a body and the iterator of the rest, closed with them."""

    def __init__(self, first: list[Any], rest: Iterator[Any]) -> None:
        self._first = first
        self._rest = rest

    def __next__(self) -> bytes:
        """Return the next part as bytes."""
        return _encoded(self._first.pop(0) if self._first else next(self._rest))

    def close(self) -> None:
        """Close the iterator, as WSGI says, wherever it stands."""
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()


def _status(text: str) -> int:
    code = str(text).partition(" ")[0]  # "404" without a reason is accepted
    if not (code.isdecimal() and 200 <= int(code) <= 599):
        raise InvalidResponse("the status is not an HTTP status")
    return int(code)


def _headers(pairs: list[tuple[str, str]], *, fc_limits: bool) -> Headers:
    # FC keeps a map of lists: repeated headers are kept, at the place of the first.
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        _check_text(name, value)
        if not _is_reserved(name.lower(), value, fc_limits=fc_limits):
            values.setdefault(name, []).append(value)
    cookies = [name for name, _ in pairs if name.lower() == "set-cookie"]
    if fc_limits and len(cookies) > 1:
        raise InvalidResponse("FC 3.0 takes one cookie")
    return tuple((name, value) for name in values for value in values[name])


def _check_text(*texts: Any) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise InvalidResponse("a header is not text")
        if not (text.isprintable() or text.replace("\t", " ").isprintable()):
            raise InvalidResponse("a header holds control characters")


def _is_reserved(name: str, value: str, *, fc_limits: bool) -> bool:
    kind = value.partition(";")[0].strip().lower()
    is_download = name == "content-disposition" and kind == "attachment"
    return (
        name in _RESERVED
        or name.startswith("x-fc-")
        or (fc_limits and is_download)
        or not value.isascii()  # FC's JSON loses it
    )


def _body(result: Any, *, most: int | None) -> bytes:
    if isinstance(result, list) and len(result) == 1 and type(result[0]) is bytes:
        return result[0]  # the usual case, without a copy
    if isinstance(result, (str, bytes)):
        return _encoded(result)
    try:
        return b"".join(_limited(map(_encoded, result), most))
    except TypeError:
        raise InvalidResponse(
            f"invalid response type {type(result).__name__}"
        ) from None


def _limited(parts: Iterable[bytes], most: int | None) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if most is not None and size > most:
            raise InvalidResponse(_TOO_LARGE)
        yield part


def _encoded(part: Any) -> bytes:
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, bytes):
        return part
    raise InvalidResponse(f"invalid response type {type(part).__name__}")
